import NIOConcurrencyHelpers
import NIOCore
import RembusStore

@testable import RembusBroker

/// A store whose disk confirms when the test says so.
final class SlowStore: Store {
    private struct State {
        var isDurable = false
        var hasRoom = true
        var waiting: [@Sendable () -> Void] = []
    }

    private let memory = MemoryStore(partitions: 1, limit: 1 << 20)
    private let state = NIOLockedValueBox(State())

    /// From now on nothing that is to be acknowledged is taken.
    func fill() { state.withLockedValue { $0.hasRoom = false } }

    /// From now on everything is found durable, though nobody who waited was told.
    func becomeDurable() { state.withLockedValue { $0.isDurable = true } }

    /// Tells everybody who waited.
    func confirm() {
        let waiting = state.withLockedValue { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for done in waiting { done() }
    }

    func commit(partition: Int, done: @escaping @Sendable () -> Void) -> Bool {
        state.withLockedValue { state in
            if !state.isDurable { state.waiting.append(done) }
            return state.isDurable
        }
    }

    var description: String { "slow" }
    var partitionCount: Int { 1 }
    func lastReceivedAt(partition: Int) -> UInt64 { 0 }
    func number(of name: String) -> UInt32 { memory.number(of: name) }
    func number(of name: String, limit: Int) -> UInt32? { memory.number(of: name, limit: limit) }
    func append(
        _ header: RecordHeader, message: UnsafeRawBufferPointer, partition: Int, isAcknowledged: Bool
    ) -> AppendOutcome {
        guard state.withLockedValue({ $0.hasRoom }) || !isAcknowledged else { return .refused }
        return memory.append(header, message: message, partition: partition, isAcknowledged: isAcknowledged)
    }
    func position(after time: UInt64, partition: Int) -> StorePosition {
        memory.position(after: time, partition: partition)
    }
    func read(
        partition: Int, from position: StorePosition, _ body: (RecordHeader, UnsafeRawBufferPointer) -> Bool
    ) -> ReadOutcome {
        memory.read(partition: partition, from: position, body)
    }
    func fetch(
        partition: Int, from position: StorePosition, topics: [String]?, done: @escaping @Sendable (StorePage) -> Void
    ) {
        memory.fetch(partition: partition, from: position, topics: topics, done: done)
    }
}
