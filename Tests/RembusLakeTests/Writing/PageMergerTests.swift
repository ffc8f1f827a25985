import RembusStore
import Testing

@testable import RembusLake

/// The journal's partitions as one stream.
@Suite struct PageMergerTests {
    private func read(_ merger: PageMerger, horizon: UInt64 = .max, limit: Int = .max) throws -> [UInt64] {
        var times: [UInt64] = []
        _ = try merger.read(horizon: horizon) { header, _ in
            guard times.count < limit else { return false }
            times.append(header.receivedAt)
            return true
        }
        return times
    }

    @Test("records of all partitions come in receive order, from where the archive is", arguments: [64, 4096])
    func order(pageBytes: Int) throws {
        let journal = TestJournal(partitions: 4)
        let times = (0..<200).map { journal.publish("t", partition: $0 * 7 / 3 % 4) }
        // Partition 1 is archived up to a record, the others are not.
        let archived = times.filter { $0 & 63 == 1 }[10]
        let expected = times.filter { $0 & 63 != 1 || $0 > archived }
        let merger = PageMerger(journal, progress: [0, archived, 0, 0], pageBytes: pageBytes)
        let first = try read(merger, limit: 37)
        #expect(first == Array(expected.prefix(37)))
        #expect(try read(merger) == Array(expected.dropFirst(37)))
        #expect(try read(merger).isEmpty)
        #expect(merger.taken.max() == times.last)
        let late = journal.publish("t", partition: 2)
        #expect(try read(merger) == [late])
    }

    @Test("nothing behind the horizon comes")
    func horizon() throws {
        let journal = TestJournal(partitions: 2)
        let times = (0..<20).map { journal.publish("t", partition: $0 % 2) }
        let merger = PageMerger(journal, progress: [])
        #expect(try read(merger, horizon: times[4]) == Array(times[...4]))
        #expect(try read(merger, horizon: times[4]).isEmpty)
        #expect(try read(merger, horizon: times[19]) == Array(times[5...]))
    }
}
