import Logging
import NIOConcurrencyHelpers
import NIOCore
import RembusSupport
import Testing

@testable import RembusStore

@Suite struct JournalStoreTests {
    @Test func recordsComeBackFromMemoryAndAfterARestartFromTheFiles() throws {
        let folder = TemporaryFolder()
        let expected = (1...2000).map { TestRecord(time: $0, message: message($0, count: Int($0 % 300))) }
        do {
            let store = try JournalStore.open(folder)
            try store.start()
            for record in expected {
                #expect(store.add(record.time, record.message) != .refused)
                if record.time % 500 == 0 { #expect(store.committed()) }
            }
            #expect(store.committed())
            #expect(store.readAll().records == expected)
            #expect(store.metrics.appendedRecords == 2000)
            #expect(store.metrics.segments > 3)
            store.stop()
            #expect(store.add(3000, [1]) == .refused)
        }
        let store = try JournalStore.open(folder)
        #expect(try store.scanned() == expected)
        #expect(try store.scanned(since: 1500).map(\.time) == Array(1501...2000))
        #expect(store.lastReceivedAt(partition: 0) == 2000)
        try store.start()
        #expect(store.readAll().records == expected)
        store.add(2001, [1, 2, 3])
        #expect(store.committed())
        let (records, lost, skipped, _) = store.readAll()
        #expect(records == expected + [TestRecord(time: 2001, message: [1, 2, 3])])
        #expect(lost == 0 && skipped == 0)
        store.stop()
    }

    @Test func aCommitOfNothingIsDone() throws {
        let folder = TemporaryFolder()
        let store = try JournalStore.open(folder)
        try store.start()
        #expect(store.commit(partition: 0) {})
        store.add(1, [1])
        #expect(store.committed())
        #expect(store.commit(partition: 0) {})
        store.stop()
    }

    @Test func oneSyncServesAllThatWait() throws {
        let folder = TemporaryFolder()
        let disk = FaultyDisk()
        let store = try JournalStore.open(folder) { $0.fileSystem = disk }
        // Not started: everything waits for the first pass.
        let done = Monitor(0)
        for time in 1...1000 as ClosedRange<UInt64> {
            store.add(time, [1])
            #expect(!store.commit(partition: 0) { done.change { $0 += 1 } })
        }
        try store.start()
        #expect(done.wait(until: MonotonicClock.nanoseconds() + 10_000_000_000, { $0 == 1000 }, then: { $0 }) == 1000)
        #expect(disk.counts.syncs == 1)
        store.stop()
    }

    @Test(arguments: [SyncPolicy.none, .interval(.milliseconds(30))])
    func laxPoliciesReportAfterTheWrite(policy: SyncPolicy) throws {
        let folder = TemporaryFolder()
        let disk = FaultyDisk()
        let store = try JournalStore.open(folder) {
            $0.fileSystem = disk
            $0.sync = policy
        }
        disk.set { $0.failsSync = true }
        try store.start()
        store.add(1, [1])
        #expect(store.committed())
        disk.set { $0.failsSync = false }
        if policy != .none {
            let start = MonotonicClock.nanoseconds()
            while store.metrics.syncs == 0, MonotonicClock.nanoseconds() - start < 5_000_000_000 {
                _ = store.waitForRecords(beyond: 1, timeout: .milliseconds(10))
            }
            #expect(store.metrics.syncs > 0)
        } else {
            #expect(disk.counts.syncs == 0)
        }
        store.stop()
        #expect(try JournalStore.open(folder).scanned().map(\.time) == [1])
    }

    @Test func whatNobodyWaitsForIsWrittenSoon() throws {
        let folder = TemporaryFolder()
        let store = try JournalStore.open(folder)
        try store.start()
        store.add(1, [1], isAcknowledged: false)
        let generation = store.waitForRecords(beyond: 0, timeout: .seconds(10))
        #expect(generation > 0)
        #expect(try store.page(partition: 0, after: 0, maxBytes: 1000) != nil)
        store.stop()
    }

    @Test func partitionsAreApartAndMoreOfThemStay() throws {
        let folder = TemporaryFolder()
        do {
            let store = try JournalStore.open(folder, partitions: 3)
            try store.start()
            for time in 1...300 as ClosedRange<UInt64> {
                store.add(time, message(time, count: 100), partition: Int(time % 3))
            }
            for partition in 0..<3 { #expect(store.committed(partition: partition)) }
            store.stop()
        }
        let store = try JournalStore.open(folder, partitions: 1)
        try store.start()
        #expect(store.partitionCount == 3)
        for partition in 0..<3 {
            let records = store.readAll(partition: partition).records
            #expect(records.map(\.time) == (1...300).filter { $0 % 3 == UInt64(partition) })
            #expect(store.lastReceivedAt(partition: partition) == records.last?.time)
        }
        store.stop()
    }

    @Test func aMessageLargerThanASegmentAndThanMemoryIsKept() throws {
        let folder = TemporaryFolder()
        let large = message(2, count: 3 << 20)
        do {
            let store = try JournalStore.open(folder)
            try store.start()
            store.add(1, [1])
            #expect(store.committed())
            #expect(store.add(2, large) != .refused)
            #expect(store.committed())
            store.add(3, [3])
            #expect(store.committed())
            #expect(store.readAll().records.map(\.message) == [[1], large, [3]])
            store.stop()
        }
        let store = try JournalStore.open(folder)
        try store.start()
        #expect(store.readAll().records.map(\.message) == [[1], large, [3]])
        store.stop()
    }

    @Test func twoBrokersNeverShareAFolder() throws {
        let folder = TemporaryFolder()
        let store = try JournalStore.open(folder)
        let error = #expect(throws: StorageError.self) { try JournalStore.open(folder) }
        #expect(error?.description.contains(folder.path) == true)
        #expect(error?.description.contains("another broker") == true)
        store.stop()
        _ = try JournalStore.open(folder)
    }

    @Test func positionsByTimeMissNothing() throws {
        let folder = TemporaryFolder()
        let store = try JournalStore.open(folder) { $0.memoryBytes = 1 << 17 }
        try store.start()
        for time in 1...1000 as ClosedRange<UInt64> {
            store.add(time * 10, message(time, count: 1000))
            if time % 20 == 0 { #expect(store.committed()) }
        }
        for time in [0, 5, 10, 15, 1000, 2555, 4000, 9985, 9990, 10_000, 20_000] as [UInt64] {
            let position = store.position(after: time, partition: 0)
            let found = store.readAll(from: position).records.map(\.time).filter { $0 > time }
            #expect(found == (1...1000).map { $0 * 10 }.filter { $0 > time })
        }
        store.stop()
    }

    @Test func whatIsNotRecordedIsInMemoryOnly() throws {
        let folder = TemporaryFolder()
        do {
            let store = try JournalStore.open(folder)
            try store.start()
            for time in 1...200 as ClosedRange<UInt64> {
                store.add(time, message(time, count: Int(time % 90)), isRecorded: time % 3 == 0)
                if time % 50 == 0 { #expect(store.committed()) }
            }
            #expect(store.committed())
            #expect(store.readAll().records.count == 200)
            store.add(201, [1], isRecorded: false)
            #expect(store.commit(partition: 0) {})
            store.stop()
        }
        for file in try folder.segments() {
            let bytes = try TemporaryFolder.read(file)
            let secret = message(178, count: 88)
            #expect(bytes.firstRange(of: secret) == nil)
        }
        let store = try JournalStore.open(folder)
        try store.start()
        let (records, lost, skipped, _) = store.readAll()
        #expect(
            records
                == (1...200).filter { $0 % 3 == 0 }.map {
                    TestRecord(time: $0, message: message($0, count: Int($0 % 90)))
                })
        #expect(lost == 0)
        #expect(skipped > 0)
        store.stop()
    }

    @Test func unrecordedTrafficCostsNoDisk() throws {
        let folder = TemporaryFolder()
        let store = try JournalStore.open(folder)
        try store.start()
        store.add(1, [1])
        #expect(store.committed())
        for time in 2...20_000 as ClosedRange<UInt64> {
            while store.add(time, message(time, count: 200), isAcknowledged: false, isRecorded: false) == .refused {
                _ = store.waitForRecords(beyond: 0, timeout: .milliseconds(1))
            }
        }
        store.add(20_001, [2])
        #expect(store.committed())
        #expect(store.metrics.segmentBytes < 10_000)
        let (records, lost, skipped, _) = store.readAll(from: StorePosition.logBase)
        #expect(records.first?.time == 1 && records.last?.time == 20_001)
        #expect(lost == 0 && skipped > 0)
        store.stop()
    }
}
