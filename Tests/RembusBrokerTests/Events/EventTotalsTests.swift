import RembusListening
import RembusTransport
import Synchronization
import Testing

@testable import RembusBroker

/// What is counted, as events.
@Suite("Counts as events", .timeLimit(.minutes(5)))
struct EventTotalsTests {
    @Test("Readers hear what has grown since they came, and nothing twice")
    func growth() async throws {
        let figures = Mutex(StorageFigures())
        figures.withLock {
            $0.journal = BrokerStatus.Journal()
            $0.lake = BrokerStatus.Lake()
            $0.lake?.maintenance["merge"] = Self.step(5, failures: 1, seconds: 2)
            $0.shed = ["t": 3]
        }
        let broker = FuzzBroker(.remembering, figures: { figures.withLock { $0 } })
        let (core, counters) = (broker.core, broker.core.counters)
        counters.droppedDeliveries.wrappingAdd(7, ordering: .relaxed)
        core.eventTotals.look(core)
        core.eventTotals.begin(core)
        var events = core.events.events(limit: 100).makeAsyncIterator()
        core.eventTotals.look(core)

        counters.droppedDeliveries.wrappingAdd(2, ordering: .relaxed)
        counters.droppedTopics.wrappingAdd(1, ordering: .relaxed)
        counters.droppedAnswers.wrappingAdd(3, ordering: .relaxed)
        counters.dropped.wrappingAdd(4, ordering: .relaxed)
        counters.unacknowledged.wrappingAdd(5, ordering: .relaxed)
        counters.overrunBytes.wrappingAdd(600, ordering: .relaxed)
        core.admission.count(.origin)
        figures.withLock {
            $0.journal?.shedByPressure = 8
            $0.journal?.shedByFailure = 9
            $0.journal?.removedFiles = 1
            $0.journal?.removedBytes = 4096
            $0.lake?.expired = 11
            $0.lake?.maintenance = [
                "merge": Self.step(7, failures: 1, seconds: 3), "flush": Self.step(1, seconds: 0.5),
            ]
            $0.shed = ["t": 5, "u": 1]
        }
        core.eventTotals.look(core)
        core.eventTotals.look(core)
        core.events.end()

        var kinds: [BrokerEvent.Kind] = []
        while let event = await events.next() { kinds.append(event.kind) }
        func drop(_ reason: BrokerEvent.Drop.Reason, _ count: Int, bytes: Int = 0, _ table: String? = nil)
            -> BrokerEvent.Kind
        { .dropped(.init(reason: reason, count: count, bytes: bytes, table: table)) }
        #expect(
            kinds == [
                .refused(.init(cause: .connection, text: "origin", count: 1)), drop(.answer, 3), drop(.backlog, 2),
                drop(.gateway, 4), drop(.journal, 9), drop(.overtaken, 0, bytes: 600), drop(.pressure, 8),
                drop(.table, 2, "t"), drop(.table, 1, "u"), drop(.topic, 1), drop(.unacknowledged, 5),
                .retention(.init(place: .journal, publications: 0, files: 1, bytes: 4096)),
                .retention(.init(place: .lake, publications: 11, files: 0, bytes: 0)),
                .maintenance(.init(step: "flush", count: 1, failures: 0, seconds: 0.5)),
                .maintenance(.init(step: "merge", count: 2, failures: 0, seconds: 1)),
            ])
    }

    private static func step(_ count: UInt64, failures: UInt64 = 0, seconds: Double) -> BrokerStatus.Lake.Step {
        var step = BrokerStatus.Lake.Step()
        (step.count, step.failures, step.seconds) = (count, failures, seconds)
        return step
    }
}
