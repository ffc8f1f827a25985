import RembusWire
import Testing

@testable import RembusBroker

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
