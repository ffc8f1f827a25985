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

@Suite struct JournalArchiveTests {
    private func fill(_ store: JournalStore, _ times: ClosedRange<UInt64>, archive: FakeArchive? = nil) {
        for time in times {
            let record = TestRecord(time: time, message: message(time, count: 500))
            #expect(store.add(time, record.message) != .refused)
            archive?.records.withLockedValue { $0[0].append(record) }
            if time % 40 == 0 { #expect(store.committed()) }
        }
        #expect(store.committed())
    }

    private func eventually(_ condition: () -> Bool) -> Bool {
        let start = MonotonicClock.nanoseconds()
        while MonotonicClock.nanoseconds() - start < 60_000_000_000 {
            if condition() { return true }
            usleep(2000)
        }
        return false
    }

    @Test func withoutAnArchiveTheOldestGoAndTheReaderIsTold() throws {
        let folder = TemporaryFolder()
        let store = try JournalStore.open(folder) {
            $0.retainedBytes = 200_000
            $0.memoryBytes = 1 << 16
        }
        try store.start()
        fill(store, 1...2000)
        #expect(eventually { store.metrics.segmentBytes <= 200_000 })
        let (records, lost, _, _) = store.readAll(from: StorePosition.logBase)
        #expect(lost > 500_000)
        let first = try #require(records.first?.time)
        #expect(first > 1000)
        #expect(records.map(\.time) == Array(first...2000))
        let metrics = store.metrics
        #expect(metrics.removedSegments > 1 && metrics.removedBytes >= lost)
        store.stop()
    }

    /// The newest segment grows between two looks: what is retained is kept to then, too, not only when a segment ends.
    @Test func whatIsRetainedIsKeptToWhileTheNewestSegmentGrows() throws {
        let folder = TemporaryFolder()
        let store = try JournalStore.open(folder) {
            $0.retainedBytes = 200_000
            $0.memoryBytes = 1 << 16
        }
        try store.start()
        for start in stride(from: UInt64(1), to: 1000, by: 20) {
            fill(store, start...(start + 19))
            #expect(eventually { store.metrics.segmentBytes <= 200_000 }, "after \(start)")
        }
        store.stop()
    }

    @Test func segmentsStayUntilTheyAreArchivedAndReadersCrossEveryBorder() throws {
        let folder = TemporaryFolder()
        let archive = FakeArchive()
        let store = try JournalStore.open(folder) {
            $0.retainedBytes = 200_000
            $0.memoryBytes = 1 << 16
            $0.awaitsArchive = true
        }
        store.setArchive(archive)
        try store.start()
        fill(store, 1...1000, archive: archive)
        let start = store.position(after: 0, partition: 0)
        #expect(store.metrics.segmentBytes > 500_000)
        #expect(store.unarchivedBytes > 500_000)
        // One reader that asks by time and one with a cursor in the log that falls behind.
        let cursor = StorePosition.logBase
        #expect(store.readAll(from: cursor).records.map(\.time) == Array(1...1000))
        store.archived(partition: 0, through: 900)
        #expect(eventually { store.metrics.segmentBytes <= 200_000 })
        #expect(store.unarchivedBytes < 100_000)
        for position in [start, cursor, 0, 17, 500, 899] {
            let (records, lost, _, next) = store.readAll(from: position)
            let first = position < StorePosition.logBase ? position + 1 : 1
            #expect(records.map(\.time).filter { $0 >= first } == Array(first...1000), "from \(position)")
            #expect(records.allSatisfy { $0.message == message($0.time, count: 500) })
            #expect(lost == 0)
            #expect(next >= StorePosition.logBase)
        }
        store.setArchive(nil)
        #expect(store.readAll(from: cursor).lost > 0)
        store.stop()
    }

    @Test func theSourceGivesEveryWrittenRecordOnce() throws {
        let folder = TemporaryFolder()
        let store = try JournalStore.open(folder) { $0.memoryBytes = 1 << 16 }
        try store.start()
        for time in 1...500 as ClosedRange<UInt64> {
            store.add(time, message(time, count: 500), isRecorded: time % 7 != 0)
            if time % 20 == 0 { #expect(store.committed()) }
        }
        #expect(store.committed())
        for limit in [100, 5000, 1 << 20] {
            var time: UInt64 = 0
            var found: [UInt64] = []
            while var page = try store.page(partition: 0, after: time, maxBytes: limit) {
                page.read { header, bytes in
                    #expect(Array(bytes) == message(header.receivedAt, count: 500))
                    found.append(header.receivedAt)
                    return true
                }
                time = try #require(found.last)
            }
            #expect(found == (1...500).filter { $0 % 7 != 0 })
        }
        // From anywhere, also where no page ended.
        for time in [3, 77, 250, 333, 499, 500, 600] as [UInt64] {
            var page = try store.page(partition: 0, after: time, maxBytes: 1000)
            var first: UInt64?
            page?.read { header, _ in
                first = header.receivedAt
                return false
            }
            #expect(first == (1...500).first { $0 > time && $0 % 7 != 0 })
        }
        store.archived(partition: 0, through: 500)
        #expect(store.unarchivedBytes == 0)
        store.stop()
    }

    @Test func aJournalAtItsLimitWaitsForTheArchive() throws {
        let folder = TemporaryFolder()
        let store = try JournalStore.open(folder) {
            $0.awaitsArchive = true
            $0.maximumBytes = 300_000
            $0.retainedBytes = 100_000
        }
        try store.start()
        let done = Monitor(false)
        for time in 1...1200 as ClosedRange<UInt64> { store.add(time, message(time, count: 500)) }
        #expect(!store.commit(partition: 0) { done.change { $0 = true } })
        #expect(eventually { store.metrics.failure?.contains("limit") == true })
        #expect(!done.change { $0 })
        #expect(
            eventually {
                store.archived(partition: 0, through: store.metrics.failure == nil ? 0 : 2000)
                return done.change { $0 }
            })
        #expect(store.metrics.segmentBytes <= 300_000)
        store.stop()
    }

    @Test func oldSegmentsGoByAge() throws {
        let folder = TemporaryFolder()
        let store = try JournalStore.open(folder) { $0.retainedAge = .seconds(3600) }
        try store.start()
        // The times of these are long ago.
        fill(store, 1...500)
        #expect(eventually { store.metrics.segments == 1 })
        store.stop()
    }
}
