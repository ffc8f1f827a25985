import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@testable import RembusStore

@Suite struct JournalRecoveryTests {
    /// A journal as a crash leaves it: a copy of the files while it runs.
    private func crashed(_ records: [TestRecord], partitions: Int = 1) throws -> TemporaryFolder {
        let (folder, copy) = (TemporaryFolder(), TemporaryFolder())
        let store = try JournalStore.open(folder, partitions: partitions)
        try store.start()
        for record in records { store.add(record.time, record.message) }
        #expect(store.committed())
        try folder.snapshot(to: copy)
        store.stop()
        return copy
    }

    private func records(_ count: UInt64, bytes: Int) -> [TestRecord] {
        // Without zeros, so that every cut is seen.
        (1...count).map { TestRecord(time: $0, message: message($0, count: bytes).map { max($0, 1) }) }
    }

    @Test(arguments: ["zeros", "cut", "rubbish"])
    func aTornLastRecordIsLostAndNothingElse(kind: String) throws {
        let expected = records(5, bytes: 61)
        let crashed = try crashed(expected)
        let segment = try #require(crashed.segments().first)
        let whole = try TemporaryFolder.read(segment)
        let length = RecordFormat.length(of: 61)
        let start = SegmentFormat.headerBytes + 4 * length
        for cut in 0...RecordFormat.headerBytes + 61 {
            var torn = Array(whole[..<(start + cut)])
            switch kind {
            case "zeros": torn += [UInt8](repeating: 0, count: whole.count - torn.count)
            case "rubbish": torn += (0..<(whole.count - torn.count)).map { UInt8(truncatingIfNeeded: $0 &* 37 | 1) }
            default: break
            }
            let folder = TemporaryFolder()
            try Disk().createDirectory("\(folder.path)/p0")
            try TemporaryFolder.write(torn, to: "\(folder.path)/p0/\(Segment.fileName(start: 0))")
            let isWhole = cut == RecordFormat.headerBytes + 61 && kind != "cut"
            let left = isWhole ? expected : Array(expected.dropLast())
            let store = try JournalStore.open(folder)
            #expect(try store.scanned() == left, "cut at \(cut)")
            #expect(store.lastReceivedAt(partition: 0) == left.last?.time)
            // And it goes on.
            try store.start()
            store.add(10, [1])
            #expect(store.committed())
            #expect(store.readAll().records == left + [TestRecord(time: 10, message: [1])])
            store.stop()
            #expect(try JournalStore.open(folder).scanned().count == left.count + 1)
        }
    }

    @Test(arguments: [true, false])
    func aFlippedBitCostsOneRecordAtMost(isComplete: Bool) throws {
        let expected = records(6, bytes: 45)
        let original = try crashed(expected)
        if isComplete { try JournalStore.open(original).stop() }
        let path = try #require(original.segments().first)
        let whole = try TemporaryFolder.read(path)
        let used = isComplete ? whole.count : SegmentFormat.headerBytes + 6 * RecordFormat.length(of: 45) + 64
        for byte in 0..<used {
            for bit in [byte % 8] {
                var flipped = whole
                flipped[byte] ^= 1 << bit
                let folder = TemporaryFolder()
                try Disk().createDirectory("\(folder.path)/p0")
                try TemporaryFolder.write(flipped, to: "\(folder.path)/p0/\(Segment.fileName(start: 0))")
                let found: [TestRecord]
                do {
                    let store = try JournalStore.open(folder)
                    found = try store.scanned()
                    try store.start()
                    #expect(store.readAll().records == found)
                    store.stop()
                } catch {
                    Issue.record("byte \(byte): \(error)")
                    continue
                }
                #expect(found.allSatisfy { expected.contains($0) }, "byte \(byte)")
                #expect(found.count >= expected.count - 1, "byte \(byte)")
                let inRecords =
                    SegmentFormat.headerBytes..<(SegmentFormat.headerBytes + 6 * RecordFormat.length(of: 45))
                if !inRecords.contains(byte) { #expect(found == expected, "byte \(byte)") }
            }
        }
    }

    @Test func aSegmentOfANewerFormatIsRefused() throws {
        let folder = try crashed(records(1, bytes: 10))
        let path = try #require(folder.segments().first)
        var bytes = try TemporaryFolder.read(path)
        var header = SegmentFormat.header(partition: 0, start: 0, firstReceivedAt: 1)
        header[8] = 9
        let crc = header.withUnsafeBytes { RembusChecksumForTests.crc32c($0, count: SegmentFormat.headerBytes - 4) }
        withUnsafeBytes(of: crc.littleEndian) { header.replaceSubrange((SegmentFormat.headerBytes - 4)..., with: $0) }
        bytes.replaceSubrange(..<SegmentFormat.headerBytes, with: header)
        try TemporaryFolder.write(bytes, to: path)
        let error = #expect(throws: StorageError.self) { try JournalStore.open(folder) }
        #expect(error?.description.contains("format 9") == true)
    }

    @Test func aLaterSegmentSurvivesDamageBeforeIt() throws {
        let expected = records(3000, bytes: 100)
        let folder = try crashed(expected)
        let segments = try folder.segments()
        #expect(segments.count > 3)
        var bytes = try TemporaryFolder.read(segments[1])
        for index in 20_000..<24_000 { bytes[index] = 0xAA }
        try TemporaryFolder.write(bytes, to: segments[1])
        let store = try JournalStore.open(folder)
        try store.start()
        let (found, lost, _, _) = store.readAll()
        #expect(found.allSatisfy { expected[Int($0.time) - 1] == $0 })
        #expect(found.count > 2960 && found.count < 2980)
        #expect(lost > 4000 && lost < 4400)
        store.stop()
    }

    @Test func anEmptyOrUnreadableSegmentIsPutAside() throws {
        let folder = TemporaryFolder()
        try Disk().createDirectory("\(folder.path)/p0")
        try TemporaryFolder.write(
            [UInt8](repeating: 0, count: 5000), to: "\(folder.path)/p0/\(Segment.fileName(start: 0))")
        try TemporaryFolder.write([1, 2, 3], to: "\(folder.path)/p0/\(Segment.fileName(start: 800))")
        try TemporaryFolder.write(
            [UInt8](repeating: 0x55, count: 5000), to: "\(folder.path)/p0/\(Segment.fileName(start: 1600))")
        let store = try JournalStore.open(folder)
        #expect(try store.scanned().isEmpty)
        #expect(try folder.segments().isEmpty)
        try store.start()
        store.add(1, [1])
        #expect(store.committed())
        #expect(store.readAll().records.map(\.time) == [1])
        store.stop()
    }

    @Test func whateverMomentTheProcessEndsAcknowledgedRecordsAreThere() async throws {
        let folder = TemporaryFolder()
        let store = try JournalStore.open(folder) { $0.retainedBytes = 1 << 40 }
        try store.start()
        let progress = Monitor((acknowledged: UInt64(0), isStopping: false))
        let publisher = try StorageThread(name: "publisher") {
            var time: UInt64 = 0
            while !progress.change({ $0.isStopping }), time < 4000 {
                for _ in 0..<5 {
                    time += 1
                    store.add(time, message(time, count: Int(time % 200)))
                }
                if store.committed() {
                    let done = time
                    progress.change { $0.acknowledged = done }
                }
                usleep(2000)
            }
        }
        for round in 0..<30 {
            try await Task.sleep(for: .milliseconds(round % 7))
            let acknowledged = progress.change { $0.acknowledged }
            let copy = TemporaryFolder()
            try folder.snapshot(to: copy)
            let recovered = try JournalStore.open(copy)
            let found = try recovered.scanned()
            #expect(found.count >= acknowledged)
            for (index, record) in found.enumerated() {
                let time = UInt64(index + 1)
                guard record == TestRecord(time: time, message: message(time, count: Int(time % 200))) else {
                    Issue.record("record \(time) is wrong")
                    break
                }
            }
        }
        progress.change { $0.isStopping = true }
        publisher.join()
        store.stop()
    }
}
