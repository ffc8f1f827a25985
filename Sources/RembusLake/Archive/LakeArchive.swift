import Dispatch
import Logging
import NIOCore
import RembusStore
import Synchronization

/// The publications in the `message` table that are older than the journal, for replay (behaviour.md §6).
///
/// Its state is used on its own queue only, hence unchecked.
final class LakeArchive: Archive, @unchecked Sendable {
    private let queue = DispatchQueue(label: "rembus.lake.archive")
    private let access: LakeAccess
    private let name: String
    private let partitionCount: Int
    private let number: @Sendable (String) -> UInt32
    private let logger: Logger
    private var connection: DatabaseConnection?
    private var isClosed = false
    /// For each partition, the time that the last page covered. The next query covers as much, so that it does not sort
    /// many more rows than it returns.
    private var spans: [Int: UInt64] = [:]
    private var nextWarning = ContinuousClock.now

    /// One minute, where no span is known.
    private static let firstSpan: UInt64 = 60_000_000_000
    /// One day, the most time that a query covers.
    private static let lastSpan: UInt64 = 86400 * 1_000_000_000
    /// The most records of a page.
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

    /// Closes the connection behind the pages that were asked for. Later pages are empty.
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

    /// Reads one window of time after the other, each larger than the one before, until one has records.
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
                // The next window covers about as much time as this page, with some reserve.
                spans[partition] = isAll ? Self.larger(span) : max(1_000_000, (last - low) &* 2)
                return StorePage(bytes: records.bytes, next: isAll && high == before ? before : last)
            }
            span = Self.larger(span)
            spans[partition] = span
            // The bound itself is not in the window. Times without any message are skipped at once.
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
