import Dispatch
package import Logging
import NIOConcurrencyHelpers
package import NIOCore

/// A file with the newest value of each key, written behind the event loops.
///
/// Its records have two parts, key and value; one without a value forgets its key. `waiting` is guarded by `lock`, the rest
/// used on the writing queue only; hence unchecked.
package final class KeptTable: @unchecked Sendable {
    /// What the file comes to.
    private struct Content {
        private(set) var values: [[UInt8]: ByteBuffer] = [:]
        private(set) var byteCount = 0

        mutating func set(_ key: [UInt8], _ value: ByteBuffer?) {
            let head = KeptTable.layout.headBytes + key.count
            if let old = values[key] { byteCount -= head + old.readableBytes }
            values[key] = value
            if let value { byteCount += head + value.readableBytes }
        }
    }

    private let lock = NIOLock()
    private var waiting: [[UInt8]: ByteBuffer?] = [:]
    private var commit: GroupCommit?
    private let file: RecordFile
    private var live: Content

    private static let layout = RecordLayout("RBMQTT1\n", partCount: 2)

    /// Opens the file, making it when it does not exist; `each` gets what it holds.
    ///
    /// - Parameters:
    ///   - subject: What it holds, in the plural, for messages.
    ///   - policy: When a value counts as written.
    package init(
        _ path: String, _ subject: String = "values", policy: SyncPolicy = .always, logger: Logger,
        each: ([UInt8], ByteBuffer) -> Void
    ) throws(StorageError) {
        var found = Content()
        file = try RecordFile(path, subject, Self.layout, logger: logger) { parts in
            // A copy: a slice would keep the whole file in memory.
            let value = ByteBuffer(bytes: parts[1].readableBytesView)
            found.set(Array(parts[0].readableBytesView), value.readableBytes > 0 ? value : nil)
            return true
        }
        live = found
        for (key, value) in found.values { each(key, value) }
        commit = GroupCommit(subject, policy: policy, delay: .milliseconds(50), logger: logger) {
            [weak self] isSynced throws(StorageError) in try self?.write(isSynced: isSynced)
        }
    }

    /// Has a value written soon; nil forgets the key.
    package func set(_ key: [UInt8], _ value: ByteBuffer?) {
        lock.withLock { waiting[key] = .some(value) }
        commit?.change()
    }

    /// Whether the last attempt to write failed.
    package var isFailing: Bool { commit?.isFailing ?? false }

    /// Calls `done`, not on an event loop, when everything set so far is durable. False when it is already.
    package func whenSaved(_ done: @escaping @Sendable () -> Void) -> Bool { commit?.whenDurable(done) ?? false }

    /// Returns when everything set so far is written, or could not be.
    package func flush() async { await commit?.flush() }

    /// The same, and closes the file: nothing is written after that.
    package func close() async { await commit?.close { [self] in file.close() } }

    private func write(isSynced: Bool) throws(StorageError) {
        let changes = lock.withLock {
            defer { waiting = [:] }
            return waiting
        }
        var records = ByteBuffer()
        for (key, value) in changes { Self.append(key, value, to: &records) }
        do throws(StorageError) {
            try file.append(records, isSynced: isSynced) {
                var all = content
                all.writeImmutableBuffer(records)
                return all
            }
        } catch {
            // Unless newer ones have come.
            lock.withLock { waiting.merge(changes) { newer, _ in newer } }
            throw error
        }
        for (key, value) in changes { live.set(key, value) }
        file.shrink(liveBytes: live.byteCount) { content }
    }

    /// The records of all values.
    private var content: ByteBuffer {
        var records = ByteBuffer()
        for (key, value) in live.values { Self.append(key, value, to: &records) }
        return records
    }

    private static func append(_ key: [UInt8], _ value: ByteBuffer?, to records: inout ByteBuffer) {
        layout.append(to: &records, { $0.writeBytes(key) }, { if let value { $0.writeImmutableBuffer(value) } })
    }
}
