import Dispatch
import RembusStore
import RembusWire
import TestSupport

/// A journal on the disk that has written a publication when the call returns that adds it, and has a page when the call returns
/// that asks for it: so a broker in process has one, too. What does not fit into the least memory is read from the files.
final class SettledJournal: Store {
    private let journal: JournalStore
    private let folder: TestFolder

    init(partitions: Int) throws {
        folder = try TestFolder()
        var options = JournalOptions(directory: "\(folder.path)/journal", partitions: partitions)
        options.memoryBytes = partitions << 16
        options.sync = .none
        options.writeDelay = .zero
        journal = try JournalStore(options, logger: LogRecorder().logger)
        try journal.start()
    }

    deinit { journal.stop() }

    func commit(partition: Int, done: @escaping @Sendable () -> Void) -> Bool {
        let confirmed = DispatchSemaphore(value: 0)
        if !journal.commit(partition: partition, done: { confirmed.signal() }) { confirmed.wait() }
        return true
    }

    func fetch(
        partition: Int, from position: StorePosition, topics: [String]?, done: @escaping @Sendable (StorePage) -> Void
    ) {
        let fetched = DispatchSemaphore(value: 0)
        journal.fetch(partition: partition, from: position, topics: topics) { page in
            done(page)
            fetched.signal()
        }
        fetched.wait()
    }

    var description: String { journal.description }
    var partitionCount: Int { journal.partitionCount }
    func lastReceivedAt(partition: Int) -> UInt64 { journal.lastReceivedAt(partition: partition) }
    func number(of name: String) -> UInt32 { journal.number(of: name) }
    func number(of name: String, limit: Int) -> UInt32? { journal.number(of: name, limit: limit) }
    func append(
        _ header: RecordHeader, message: UnsafeRawBufferPointer, partition: Int, isAcknowledged: Bool
    ) -> AppendOutcome {
        let outcome = journal.append(header, message: message, partition: partition, isAcknowledged: isAcknowledged)
        // On a busy machine the disk would fall behind, and what nobody waits for would be dropped.
        _ = commit(partition: partition) {}
        return outcome
    }
    func position(after time: UInt64, partition: Int) -> StorePosition {
        journal.position(after: time, partition: partition)
    }
    func read(
        partition: Int, from position: StorePosition, _ body: (RecordHeader, UnsafeRawBufferPointer) -> Bool
    ) -> ReadOutcome {
        journal.read(partition: partition, from: position, body)
    }
}
