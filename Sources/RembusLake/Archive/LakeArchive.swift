import Dispatch
import Logging
import NIOCore
import RembusStore
import Synchronization

/// The `message` table as what lies before the journal: publications are read back from it for replay (behaviour.md
/// §6).
///
/// Its state is used on its own queue alone, hence unchecked.
final class LakeArchive: Archive, @unchecked Sendable {
    private let queue = DispatchQueue(label: "rembus.lake.archive")
    private let access: LakeAccess
    private let name: String
    private let partitionCount: Int
    private let number: @Sendable (String) -> UInt32
    private let logger: Logger
    private var connection: DatabaseConnection?
    private var isClosed = false
    /// Per partition, how much time a page took lately: the span of the next query, so that it need not sort far more
    /// than it gives.
    private var spans: [Int: UInt64] = [:]
    private var nextWarning = ContinuousClock.now

    /// One minute: where no span is known.
    private static let firstSpan: UInt64 = 60_000_000_000
    /// A day: no query looks at more.
    private static let lastSpan: UInt64 = 86400 * 1_000_000_000
    /// No page has more records.
    private static let pageRows = 10_000

    init(
        _ access: LakeAccess, name: String, partitionCount: Int, number: @escaping @Sendable (String) -> UInt32,
        logger: Logger
    ) {
        self.access = access
        self.name = name
        self.partitionCount = partitionCount
        self.number = number
        self.logger = logger
    }

    func fetch(
        partition: Int, after: UInt64, before: UInt64, topics: [String]?, maxBytes: Int,
        done: @escaping @Sendable (StorePage) -> Void
    ) {
        queue.async { [self] in
            do throws(LakeError) {
                done(try page(partition, after: after, before: before, topics: topics, maxBytes: maxBytes))
            } catch {
                connection = nil
                warn(error)
                done(StorePage(bytes: ByteBuffer(), next: after))
            }
        }
    }

    /// Closes the connection behind the pages that were asked for; later ones come empty.
    func close() async {
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                isClosed = true
                connection = nil
                continuation.resume()
            }
        }
    }

    // MARK: - On the queue

    /// Reads a window of time after the other, each larger than the one before, until one has something.
    private func page(
        _ partition: Int, after: UInt64, before: UInt64, topics: [String]?, maxBytes: Int
    ) throws(LakeError) -> StorePage {
        guard after < before, !(topics?.isEmpty ?? false) else {
            return StorePage(bytes: ByteBuffer(), next: before)
        }
        if isClosed { throw LakeError(.unavailable, "the lake is closed") }
        let connection = try open()
        var span = spans[partition] ?? Self.firstSpan
        var low = after
        while true {
            let (sum, isOver) = low.addingReportingOverflow(span)
            let high = isOver ? before : min(sum, before)
            let window = ArchiveWindow(
                name: name, partition: partition, partitionCount: partitionCount, after: low, before: high,
                topics: topics, maxRows: Self.pageRows, maxBytes: maxBytes)
            let (records, isAll) = try window.read(connection, number: number)
            if let last = records.last {
                // The next page is about as long as this one, with some room.
                spans[partition] = isAll ? Self.larger(span) : max(1_000_000, (last - low) &* 2)
                return StorePage(bytes: records.bytes, next: isAll && high == before ? before : last)
            }
            span = Self.larger(span)
            spans[partition] = span
            // The bound is not in the window. Times without any message are passed over at once.
            guard high < before,
                let first = try connection.firstMessage(name: name, after: high - 1, before: before)
            else { return StorePage(bytes: ByteBuffer(), next: before) }
            low = first - 1
        }
    }

    private static func larger(_ span: UInt64) -> UInt64 { min(span, lastSpan / 4) * 4 }

    private func open() throws(LakeError) -> DatabaseConnection {
        if let connection { return connection }
        let connection = try access.connect()
        self.connection = connection
        return connection
    }

    private func warn(_ error: LakeError) {
        let now = ContinuousClock.now
        guard nextWarning <= now else { return }
        nextWarning = now + .seconds(10)
        logger.warning("older publications cannot be read from the lake", metadata: ["error": "\(error)"])
    }
}
