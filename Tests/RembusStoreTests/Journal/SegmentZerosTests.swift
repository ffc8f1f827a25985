import TestSupport
import Testing

@testable import RembusStore

/// The space that is reserved for a segment, through which a start after a crash looks.
@Suite struct SegmentZerosTests {
    private static let chunk = UInt64(SegmentReader.chunkBytes)
    private static let size = 5 * chunk + 24

    /// A segment file of zeros but for some bytes, by their offset in the log.
    private func reader(_ folder: TemporaryFolder, _ bytes: [(offset: UInt64, bytes: [UInt8])]) throws -> SegmentReader
    {
        let file = try #require(try Disk().open("\(folder.path)/zeros.seg", readOnly: false))
        let header = UInt64(SegmentFormat.headerBytes)
        try file.truncate(to: header + Self.size)
        for (offset, bytes) in bytes { try file.write(bytes, at: header + offset) }
        return SegmentReader(file, start: 0)
    }

    @Test(arguments: [0, 1, 7, 8, chunk - 1, chunk, chunk + 1, 3 * chunk + 5, size - 1])
    func findsTheOnlyByteThatIsNotZero(offset: UInt64) throws {
        let reader = try reader(TemporaryFolder(), [(offset, [1])])
        #expect(try reader.firstNonzero(from: 0, to: Self.size) == offset)
        #expect(try reader.lastNonzero(from: 0, to: Self.size) == offset + 1)
        #expect(try reader.firstNonzero(from: offset + 1, to: Self.size) == nil)
        #expect(try reader.lastNonzero(from: offset + 1, to: Self.size) == offset + 1)
        #expect(try reader.firstNonzero(from: 0, to: offset) == nil)
    }

    @Test func findsNothingInNothing() throws {
        let reader = try reader(TemporaryFolder(), [])
        #expect(try reader.firstNonzero(from: 0, to: Self.size) == nil)
        #expect(try reader.lastNonzero(from: 3, to: Self.size) == 3)
        // What is said to be there and is not.
        #expect(try reader.firstNonzero(from: 0, to: 10 * Self.size) == nil)
        let outcome = try reader.read(from: 0, to: Self.size) { _, _, _ in true }
        #expect((outcome.next, outcome.tornBytes, outcome.damagedBytes) == (0, 0, 0))
    }

    private func record(at offset: UInt64, time: UInt64) -> [UInt8] {
        let content = message(time, count: 50).map { max($0, 1) }
        let length = RecordFormat.length(of: content.count)
        let raw = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 8)
        defer { raw.deallocate() }
        raw.initializeMemory(as: UInt8.self, repeating: 0)
        guard let base = raw.baseAddress else { return [] }
        content.withUnsafeBytes {
            RecordFormat.write(
                RecordHeader(receivedAt: time, topicHash: 7, publisher: 1, tenant: 2), message: $0, to: base)
        }
        RecordChecksum.fill(base, count: content.count, offset: offset)
        return Array(raw)
    }

    @Test(arguments: [8, 16, chunk - 8, chunk, chunk + 8, 2 * chunk - 40, 4 * chunk])
    func goesOnWithASoundRecordBehindZeros(offset: UInt64) throws {
        let reader = try reader(TemporaryFolder(), [(offset, record(at: offset, time: 5))])
        var found: [UInt64] = []
        let outcome = try reader.read(from: 0, to: Self.size) { at, header, _ in
            found.append(at)
            return header.receivedAt == 5
        }
        #expect(found == [offset])
        #expect(outcome.damagedBytes == offset)
        #expect(outcome.tornBytes == 0)
    }

    @Test func saysHowFarATornRecordReaches() throws {
        let reader = try reader(TemporaryFolder(), [(0, record(at: 0, time: 5)), (3 * Self.chunk, [1, 2, 3])])
        let outcome = try reader.read(from: 0, to: Self.size) { _, _, _ in true }
        #expect(outcome.tornBytes == 3 * Self.chunk + 3 - outcome.next)
    }

    @Test func aLongRecoverySaysHowFarItIs() throws {
        let (folder, copy, recorder) = (TemporaryFolder(), TemporaryFolder(), LogRecorder())
        let store = try JournalStore.open(folder)
        try store.start()
        for time in 1...12 as ClosedRange<UInt64> { store.add(time, message(time, count: 20_000)) }
        #expect(store.committed())
        try folder.snapshot(to: copy)
        store.stop()
        let count = try copy.segments().count
        try #require(count > 2)
        var options = JournalOptions(directory: copy.path, partitions: 1)
        options.recoveryReportInterval = .zero
        _ = try JournalStore(options, logger: recorder.logger)
        let lines = recorder.lines.filter { $0.hasPrefix("recovering the journal: ") }
        #expect(lines == (1..<count).map { "recovering the journal: \($0) of \(count) segments" })
        #expect(recorder.lines.contains { $0.hasPrefix("the journal is recovered, after ") })
    }
}
