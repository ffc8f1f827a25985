import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import RembusStore

@Suite struct JournalStressTests {
    /// Two event loops append and commit, a reader follows one of them, the archive takes pages: all at once.
    @Test func appendingCommittingReadingAndArchivingAtOnce() throws {
        let folder = TemporaryFolder()
        let store = try JournalStore.open(folder, partitions: 2) {
            $0.memoryBytes = 1 << 18
            $0.retainedBytes = 1 << 18
            $0.awaitsArchive = true
        }
        let archive = FakeArchive()
        store.setArchive(archive)
        try store.start()
        let count: UInt64 = 6000
        let archived = Monitor<UInt64>(0)
        var threads: [StorageThread] = []
        for partition in 0..<2 {
            threads.append(
                try StorageThread(name: "publisher") {
                    for time in 1...count {
                        let bytes = message(time, count: Int(time % 400))
                        while store.add(time, bytes, partition: partition, isRecorded: time % 11 != 0) == .refused {
                            store.committed(partition: partition)
                        }
                        if time % 16 == 0 { store.committed(partition: partition) }
                    }
                    store.add(count + 1, [1], partition: partition)
                    store.committed(partition: partition)
                })
        }
        threads.append(
            try StorageThread(name: "archiver") {
                var generation: UInt64 = 0
                var times: [UInt64] = [0, 0]
                while times.contains(where: { $0 <= count }) {
                    for partition in 0..<2 {
                        while var page = try? store.page(
                            partition: partition, after: times[partition], maxBytes: 50_000)
                        {
                            var taken: [TestRecord] = []
                            page.read { header, bytes in
                                taken.append(TestRecord(time: header.receivedAt, message: Array(bytes)))
                                return true
                            }
                            let records = taken
                            times[partition] = taken.last?.time ?? times[partition]
                            archive.records.withLockedValue { $0[partition] += records }
                            store.archived(partition: partition, through: times[partition])
                        }
                    }
                    generation = store.waitForRecords(beyond: generation, timeout: .milliseconds(50))
                    let least = times.min() ?? 0
                    archived.change { $0 = least }
                }
            })
        let readers = Monitor<[[UInt64]]>([])
        for partition in 0..<2 {
            threads.append(
                try StorageThread(name: "reader") {
                    var seen: [UInt64] = []
                    var position = StorePosition.logBase
                    while seen.last ?? 0 <= count {
                        let (records, _, _, next) = store.readAll(from: position, partition: partition)
                        for record in records where record.time > seen.last ?? 0 {
                            if record.time <= count,
                                record.message != message(record.time, count: Int(record.time % 400))
                            {
                                Issue.record("record \(record.time) is wrong")
                            }
                            seen.append(record.time)
                        }
                        position = next
                        _ = store.metrics
                    }
                    let times = seen
                    readers.change { $0.append(times) }
                })
        }
        for thread in threads { thread.join() }
        let recorded = (1...count).filter { $0 % 11 != 0 } + [count + 1]
        for seen in readers.change({ $0 }) {
            // Unrecorded ones may be missed by a slow reader, the others may not.
            #expect(seen.filter { $0 % 11 != 0 || $0 > count } == recorded)
        }
        #expect(archive.records.withLockedValue { $0[0].map(\.time) } == recorded)
        #expect(archive.records.withLockedValue { $0[1].map(\.time) } == recorded)
        store.stop()
        #expect(store.metrics.failures == 0)
    }
}
