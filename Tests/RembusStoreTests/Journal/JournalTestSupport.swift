import Logging
import NIOConcurrencyHelpers
import NIOCore
import RembusSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@testable import RembusStore

/// The bytes that a text has as hexadecimal digits, with or without blanks between them.
func bytes(hex: String) -> [UInt8] {
    let digits = hex.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// A folder that goes with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/rembus-journal-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? ""
        }
    }

    deinit { Self.remove(path) }

    static func remove(_ path: String) {
        if let names = try? Disk().contents(of: path) {
            for name in names { remove("\(path)/\(name)") }
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    /// Copies a folder as it is at this moment, file by file, as a crash would leave it.
    func snapshot(to target: TemporaryFolder) throws { try Self.copy(path, to: target.path) }

    static func copy(_ path: String, to target: String) throws {
        for name in try Disk().contents(of: path) {
            let (from, to) = ("\(path)/\(name)", "\(target)/\(name)")
            if (try? Disk().contents(of: from)) != nil {
                try Disk().createDirectory(to)
                try copy(from, to: to)
            } else {
                try write(read(from), to: to)
            }
        }
    }

    static func read(_ path: String) throws -> [UInt8] {
        guard let file = try Disk().open(path, readOnly: true) else { return [] }
        return try file.bytes(at: 0, count: Int(file.size()))
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try #require(try Disk().open(path, readOnly: false))
        try file.truncate(to: 0)
        try file.write(bytes, at: 0)
    }

    /// The segment files of a partition, oldest first.
    func segments(partition: Int = 0) throws -> [String] {
        try Disk().contents(of: "\(path)/p\(partition)").filter { $0.hasSuffix(".seg") }.sorted()
            .map { "\(path)/p\(partition)/\($0)" }
    }
}

struct TestRecord: Equatable, Sendable {
    var time: UInt64
    var message: [UInt8]
}

/// A message whose content tells whether it is the right one.
func message(_ time: UInt64, count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: time &* 31 &+ UInt64($0)) }
}

let silent: Logger = {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
}()

extension JournalStore {
    /// Blocks until something was written after `generation` was returned (0 to begin with), or until the time is over.
    /// Returns the generation of now.
    func waitForRecords(beyond generation: UInt64, timeout: Duration) -> UInt64 {
        shared.generation.wait(
            until: MonotonicClock.nanoseconds() + timeout.nanoseconds, { $0 != generation }, then: { $0 })
    }

    static func open(
        _ folder: TemporaryFolder, partitions: Int = 1, _ configure: (inout JournalOptions) -> Void = { _ in }
    ) throws -> JournalStore {
        var options = JournalOptions(directory: folder.path, partitions: partitions)
        options.segmentBytes = 1 << 16
        options.memoryBytes = 1 << 20
        configure(&options)
        return try JournalStore(options, logger: silent)
    }

    @discardableResult
    func add(
        _ time: UInt64, _ message: [UInt8], partition: Int = 0, isAcknowledged: Bool = true, isRecorded: Bool = true,
        publisher: UInt32 = 1
    ) -> AppendOutcome {
        message.withUnsafeBytes {
            append(
                RecordHeader(receivedAt: time, topicHash: 7, publisher: publisher, tenant: 2, isRecorded: isRecorded),
                message: $0, partition: partition, isAcknowledged: isAcknowledged)
        }
    }

    /// Waits until everything appended is durable; false when that takes too long.
    @discardableResult
    func committed(partition: Int = 0, within timeout: Duration = .seconds(60)) -> Bool {
        let isDone = Monitor(false)
        if commit(partition: partition, done: { isDone.change { $0 = true } }) { return true }
        return isDone.wait(until: MonotonicClock.nanoseconds() + timeout.nanoseconds, { $0 }, then: { $0 })
    }

    /// Everything from a position on, as a subscriber gets it: from memory, files and archive.
    func readAll(
        from start: StorePosition? = nil, partition: Int = 0
    ) -> (records: [TestRecord], lost: UInt64, skipped: UInt64, next: StorePosition) {
        var position = start ?? self.position(after: 0, partition: partition)
        var records: [TestRecord] = []
        var (lost, skipped) = (0 as UInt64, 0 as UInt64)
        var idle = 0
        while idle < 50 {
            let outcome = read(partition: partition, from: position) { header, message in
                records.append(TestRecord(time: header.receivedAt, message: Array(message)))
                return true
            }
            lost += outcome.lostBytes
            skipped += outcome.skippedBytes
            position = outcome.next
            guard outcome.mustFetch else { break }
            var page = fetchPage(partition: partition, from: position)
            lost += page.lostBytes
            skipped += page.skippedBytes
            page.read { header, message in
                // After a change to the archive some come again.
                if header.receivedAt > records.last?.time ?? 0 {
                    records.append(TestRecord(time: header.receivedAt, message: Array(message)))
                }
                return true
            }
            idle = page.next == position ? idle + 1 : 0
            position = page.next
        }
        return (records, lost, skipped, position)
    }

    func fetchPage(partition: Int = 0, from position: StorePosition) -> StorePage {
        let result = Monitor<StorePage?>(nil)
        fetch(partition: partition, from: position, topics: nil) { page in result.change { $0 = page } }
        let page = result.wait(until: MonotonicClock.nanoseconds() + 20_000_000_000, { $0 != nil }, then: { $0 })
        return page ?? StorePage(bytes: ByteBuffer(), next: position)
    }

    /// What the files hold, by the scan that the broker makes at its start.
    func scanned(since time: UInt64 = 0) throws -> [TestRecord] {
        var records: [TestRecord] = []
        try forEachRecord(since: time) { header, message, _ in
            records.append(TestRecord(time: header.receivedAt, message: Array(message)))
        }
        return records
    }
}

/// An archive in memory.
final class FakeArchive: Archive {
    let records = NIOLockedValueBox<[[TestRecord]]>(Array(repeating: [], count: 4))

    func fetch(
        partition: Int, after: UInt64, before: UInt64, topics: [String]?, maxBytes: Int,
        done: @escaping @Sendable (StorePage) -> Void
    ) {
        let found = records.withLockedValue { $0[partition].filter { $0.time > after && $0.time < before } }
        let taken = found.prefix(100)
        var bytes = ByteBuffer()
        for record in taken {
            let length = RecordFormat.length(of: record.message.count)
            bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { target in
                let raw = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 8)
                defer { raw.deallocate() }
                record.message.withUnsafeBytes {
                    guard let base = raw.baseAddress else { return }
                    RecordFormat.write(
                        RecordHeader(receivedAt: record.time, topicHash: 0, publisher: 1, tenant: 2), message: $0,
                        to: base)
                }
                target.copyMemory(from: UnsafeRawBufferPointer(raw))
                return length
            }
        }
        let next = found.count > taken.count ? taken.last?.time ?? before : before
        done(StorePage(bytes: bytes, next: next))
    }
}
