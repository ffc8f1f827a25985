import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@testable import RembusStore

/// Files that go away while they are read.
@Suite struct JournalAwayTests {
    private func store(_ folder: TemporaryFolder, _ recorder: LogRecorder) throws -> JournalStore {
        var options = JournalOptions(directory: folder.path, partitions: 1)
        options.segmentBytes = 1 << 16
        options.memoryBytes = 1 << 16
        return try JournalStore(options, logger: recorder.logger)
    }

    /// More than memory holds, so that the first ones are in files only.
    private func fill(_ store: JournalStore) {
        for time in 1...40 as ClosedRange<UInt64> {
            store.add(time, message(time, count: 20_000))
            #expect(store.committed())
        }
    }

    @Test func aFolderThatIsAwayIsNotLost() throws {
        let (folder, recorder) = (TemporaryFolder(), LogRecorder())
        let store = try store(folder, recorder)
        try store.start()
        fill(store)
        let start = store.position(after: 0, partition: 0)
        try #require(rename(folder.path, "\(folder.path)-away") == 0)
        // A subscriber waits where it is, and so does the lake.
        for _ in 0..<3 {
            let page = store.fetchPage(from: start)
            #expect(page.next == start)
            #expect(page.lostBytes == 0)
            #expect(throws: StorageError.self) { try store.page(partition: 0, after: 0, maxBytes: 1 << 20) }
        }
        #expect(store.metrics.damagedBytes == 0)
        #expect(recorder.lines.filter { $0.contains("lost") }.isEmpty, "\(recorder.lines)")
        #expect(recorder.lines.filter { $0.contains("the journal cannot be read now") }.count == 1)
        try #require(rename("\(folder.path)-away", folder.path) == 0)
        let (records, lost, _, _) = store.readAll(from: start)
        #expect(records.map(\.time) == Array(1...40))
        #expect(lost == 0)
        #expect(recorder.lines.contains { $0.contains("the journal can be read again") })
        store.stop()
    }

    @Test func aSegmentThatIsMissingIsSaidAndCountedOnce() throws {
        let (folder, recorder) = (TemporaryFolder(), LogRecorder())
        let store = try store(folder, recorder)
        try store.start()
        fill(store)
        let start = store.position(after: 0, partition: 0)
        let first = try #require(folder.segments().first)
        try #require(rename(first, "\(first).away") == 0)
        let lost = store.readAll(from: start).lost
        #expect(lost > 0)
        #expect(store.readAll(from: start).lost == lost)
        #expect(recorder.lines.filter { $0.contains("is missing: \(lost) bytes lost") }.count == 1, "\(recorder.lines)")
        #expect(store.metrics.damagedBytes == lost)
        try #require(rename("\(first).away", first) == 0)
        #expect(store.readAll(from: start).lost == 0)
        #expect(recorder.lines.contains { $0.contains("is there again") })
        store.stop()
    }
}
