import NIOConcurrencyHelpers
import NIOCore
import RembusStore
import RembusWire
import Testing

@testable import RembusBroker

/// A store whose disk confirms when the test says so.
private final class SlowStore: Store {
    private struct State {
        var isDurable = false
        var waiting: [@Sendable () -> Void] = []
    }

    private let memory = MemoryStore(partitions: 1, limit: 1 << 20)
    private let state = NIOLockedValueBox(State())

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
        memory.append(header, message: message, partition: partition, isAcknowledged: isAcknowledged)
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

@Suite("The order of acknowledgements")
struct AcknowledgementOrderTests {
    private func ids(_ sink: TestSink) -> [UInt64?] {
        sink.messages.compactMap { message in
            guard case .ack(let id) = message else { return nil }
            return id.littleEndianValue
        }
    }

    @Test("What is found durable at once does not overtake what waits for the news of it")
    func order() throws {
        let store = SlowStore()
        let broker = FuzzBroker(.remembering, lanes: 1, store: store)
        let (session, sink) = try broker.open(lane: 0)
        func publish(_ numbers: ClosedRange<UInt64>) {
            for number in numbers {
                let flags = PublishFlags(qos: .atLeastOnce)
                session.receive(
                    .publish(.init(id: MessageID(littleEndian: number), flags: flags, topic: "t", arguments: [1])))
            }
            session.endWork()
            broker.settle()
        }
        publish(1...2)
        publish(3...3)
        #expect(ids(sink).isEmpty)
        #expect(broker.core.lanes[0].waitingAcknowledgements == 3)
        store.becomeDurable()
        publish(4...5)
        #expect(ids(sink).isEmpty)
        store.confirm()
        broker.settle()
        #expect(ids(sink) == [1, 2, 3, 4, 5])
        #expect(broker.core.lanes[0].waitingAcknowledgements == 0)
        publish(6...6)
        #expect(ids(sink).last == 6)
    }

    @Test("Confirmations may come in any order, elements leave in theirs")
    func queue() {
        var queue = ConfirmationQueue<String>()
        let numbers = ["a", "b", "c", "d"].map { queue.add($0) }
        #expect(queue.confirm(numbers[2]).isEmpty)
        #expect(queue.confirm(numbers[0]) == ["a"])
        #expect(queue.confirm(numbers[0]).isEmpty)
        #expect(queue.confirm(numbers[1]) == ["b", "c"])
        let last = queue.add("e")
        #expect(queue.confirm(last).isEmpty)
        #expect(queue.confirm(numbers[3]) == ["d", "e"])
        #expect(queue.confirm(last).isEmpty)
        #expect(queue.confirm(last + 7).isEmpty)
    }
}
