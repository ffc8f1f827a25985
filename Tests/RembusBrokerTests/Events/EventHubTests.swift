import Synchronization
import Testing

@testable import RembusBroker

/// Those who read events, and those who have something to tell.
@Suite("Readers of events", .timeLimit(.minutes(5)))
struct EventHubTests {
    private let hub = EventHub()

    private func tell(_ counts: ClosedRange<Int>) {
        for count in counts { hub.emit(.dropped(.init(reason: .backlog, count: count, bytes: 0, table: nil))) }
    }

    private func counts(_ events: inout BrokerEvents.Iterator, _ number: Int) async -> [Int] {
        var counts: [Int] = []
        for _ in 0..<number {
            switch await events.next()?.kind {
            case .dropped(let drop): counts.append(drop.count)
            case .missed(let missed): counts.append(-missed)
            default: break
            }
        }
        return counts
    }

    @Test("What nobody reads is not even made")
    func nobody() {
        #expect(!hub.isRead)
        var made = 0
        func kind() -> BrokerEvent.Kind? {
            made += 1
            return nil
        }
        hub.emit(kind())
        #expect(made == 0)
        do {
            let events = hub.events(limit: 1)
            #expect(hub.isRead)
            hub.emit(kind())
            #expect(made == 1)
            withExtendedLifetime(events) {}
        }
        // Whoever lets go of the sequence reads no more.
        #expect(!hub.isRead)
    }

    @Test("The oldest go, wherever the reader is, and their number stands in their place")
    func overflow() async {
        var events = hub.events(limit: 3).makeAsyncIterator()
        tell(1...2)
        #expect(await counts(&events, 2) == [1, 2])
        tell(3...9)
        #expect(await counts(&events, 2) == [-4, 7])
        tell(10...11)
        #expect(await counts(&events, 4) == [-1, 9, 10, 11])
        tell(12...12)
        #expect(await counts(&events, 1) == [12])
    }

    @Test("Each reader has its own room, and begins where it is")
    func several() async {
        var first = hub.events(limit: 10).makeAsyncIterator()
        tell(1...2)
        var second = hub.events(limit: 0).makeAsyncIterator()
        tell(3...5)
        #expect(await counts(&first, 5) == [1, 2, 3, 4, 5])
        #expect(await counts(&second, 2) == [-2, 5])
    }

    @Test("The end comes behind what was told, and for later readers at once")
    func end() async {
        var events = hub.events(limit: 10).makeAsyncIterator()
        tell(1...2)
        hub.end()
        tell(3...3)
        #expect(!hub.isRead)
        #expect(await counts(&events, 2) == [1, 2])
        #expect(await events.next() == nil)
        var late = hub.events(limit: 10).makeAsyncIterator()
        #expect(await late.next() == nil)
        #expect(!hub.isRead)
    }

    @Test("A reader that waits is woken")
    func waiting() async {
        let events = hub.events(limit: 10)
        let reading = Task { () -> BrokerEvent.Kind? in
            for await event in events { return event.kind }
            return nil
        }
        tell(1...1)
        #expect(await reading.value == .dropped(.init(reason: .backlog, count: 1, bytes: 0, table: nil)))
    }
}
