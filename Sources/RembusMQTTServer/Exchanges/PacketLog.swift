import Dispatch
import Logging
import NIOConcurrencyHelpers
import NIOCore
import RembusStore
import RembusWire

/// The log of packet identifiers that are in use at QoS 2, so that exchanges continue after a restart.
///
/// Its records are runs of changes, each with the number of its session. `content` is guarded by `lock`, the rest used on the
/// writing queue only; hence unchecked.
final class PacketLog: @unchecked Sendable {
    private let lock = NIOLock()
    private var content = Content()
    private var commit: GroupCommit?
    private let file: RecordFile
    /// How much the file had in it when it was last written anew.
    private var liveBytes = 0

    private static let layout = RecordLayout("RBPCKT1\n")
    private static let subject = "MQTT packet identifiers"

    /// Opens the file and reads it. Creates it when it does not exist.
    init(_ path: String, policy: SyncPolicy, logger: Logger) throws(StorageError) {
        var found = Content()
        file = try RecordFile(path, Self.subject, Self.layout, logger: logger) { parts in
            found.apply(parts[0])
            return true
        }
        content = found
        commit = GroupCommit(Self.subject, policy: policy, delay: .milliseconds(20), logger: logger) {
            [weak self] isSynced throws(StorageError) in try self?.write(isSynced: isSynced)
        }
    }

    // MARK: Use

    /// The sessions that have open or finished exchanges.
    var states: [(name: String, state: PacketState)] {
        lock.withLock { content.sessions.values.map { ($0.name, $0.state) } }
    }

    /// The exchanges of publications on their way to a client.
    func outgoing(of name: String) -> [UInt16: PacketState.Outgoing] {
        lock.withLock { content.state(of: name)?.outgoing ?? [:] }
    }

    /// Adds steps of a session's exchanges. They become durable soon, or when something waits for that.
    func add(_ changes: [PacketChange], of name: String) {
        lock.withLock { content.add(changes, of: name) }
        commit?.change()
    }

    /// Forgets all steps of a session.
    func forget(_ name: String) {
        if lock.withLock({ content.forget(name) }) { commit?.change() }
    }

    /// Forgets steps that are also in records of components, which are on the disk. The file shrinks with the next
    /// snapshot.
    func forgetFinished(coveredBy records: [ComponentRecord], key: (String) -> UInt64) {
        lock.withLock {
            for record in records { content.forgetFinished(coveredBy: record, key: key) }
        }
    }

    /// Calls `done`, not on an event loop, when everything added so far is durable. Returns false, without calling it,
    /// when it is already.
    func whenSaved(_ done: @escaping @Sendable () -> Void) -> Bool { commit?.whenDurable(done) ?? false }

    /// Whether the file cannot be written now.
    var isFailing: Bool { commit?.isFailing ?? false }

    /// Returns when everything added so far is written, or could not be.
    func flush() async { await commit?.flush() }

    /// Writes everything and closes the file.
    func close() async { await commit?.close { [self] in file.close() } }

    // MARK: On the writing queue

    private func write(isSynced: Bool) throws(StorageError) {
        let waiting = lock.withLock {
            defer { content.waiting = ByteBuffer() }
            return content.waiting
        }
        do throws(StorageError) {
            try file.append(Self.record(waiting), isSynced: isSynced) { snapshot() }
        } catch {
            lock.withLock {
                var all = waiting
                all.writeImmutableBuffer(content.waiting)
                content.waiting = all
            }
            throw error
        }
        if file.shrink(liveBytes: liveBytes, live: { snapshot() }) { liveBytes = file.size }
    }

    /// A record of what is known now. What is waiting is in it, and written behind it once more: whole, and in its order, so that
    /// it leads to the same.
    private func snapshot() -> ByteBuffer { Self.record(lock.withLock { content.snapshot() }) }

    private static func record(_ changes: ByteBuffer) -> ByteBuffer {
        var record = ByteBuffer()
        if changes.readableBytes > 0 { layout.append(to: &record) { $0.writeImmutableBuffer(changes) } }
        return record
    }
}
