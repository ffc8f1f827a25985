import RembusSupport
import Testing

@testable import RembusStore

/// How far a journal is, for whoever reads in the order of receipt and waits for what was accepted.
@Suite struct JournalReachTests {
    @Test("what is accepted counts at once, and what of it can be read in order once it is written")
    func reach() throws {
        let folder = TemporaryFolder()
        let store = try JournalStore.open(folder, partitions: 2)
        // Nothing is written before the start.
        store.add(100, [1], partition: 0)
        store.add(201, [1], partition: 1)
        store.add(300, [1], partition: 0, isRecorded: false)
        #expect(store.reach == JournalReach(accepted: [100, 201], readable: 99))
        let isTold = Monitor(false)
        store.onWritten { isTold.change { $0 = true } }
        try store.start()
        defer { store.stop() }
        store.writeOut(timeout: .seconds(60))
        #expect(store.reach == JournalReach(accepted: [100, 201], readable: .max))
        #expect(isTold.wait(until: MonotonicClock.nanoseconds() + 60_000_000_000, { $0 }, then: { $0 }))
        for number in 1...100 as ClosedRange<UInt64> {
            store.add(1000 + number, [1], partition: Int(number % 2), isAcknowledged: false)
            store.writeOut(timeout: .seconds(60))
            #expect(store.reach.readable == .max)
        }
    }

    @Test("a restart knows what was accepted before it")
    func restart() throws {
        let folder = TemporaryFolder()
        let first = try JournalStore.open(folder)
        try first.start()
        first.add(100, [1])
        first.stop()
        let second = try JournalStore.open(folder)
        #expect(second.reach == JournalReach(accepted: [100], readable: .max))
    }
}
