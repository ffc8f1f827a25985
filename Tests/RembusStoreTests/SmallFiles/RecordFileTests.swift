import NIOCore
import TestSupport
import Testing

@testable import RembusStore

@Suite struct RecordFileTests {
    private static let layout = RecordLayout("RBTEST1\n", partCount: 2)

    private let folder = TemporaryFolder()
    private let disk = FaultyDisk { _ in true }
    private let log = LogRecorder()
    private var path: String { "\(folder.path)/file" }

    /// Opens the file, and says what it holds.
    private func open() throws -> (RecordFile, [[String]]) {
        var found: [[String]] = []
        let file = try RecordFile(path, "words", Self.layout, fileSystem: disk, logger: log.logger) { parts in
            found.append(parts.map { String(buffer: $0) })
            return found.last != ["bad", "record"]
        }
        return (file, found)
    }

    private func records(_ pairs: [[String]]) -> ByteBuffer {
        var records = ByteBuffer()
        for pair in pairs {
            Self.layout.append(to: &records, { $0.writeString(pair[0]) }, { $0.writeString(pair[1]) })
        }
        return records
    }

    private func add(_ pairs: [String]..., to file: RecordFile) throws(StorageError) {
        try file.append(records(pairs), isSynced: true) { ByteBuffer() }
    }

    @Test func recordsComeBack() throws {
        let (file, none) = try open()
        #expect(none.isEmpty)
        try add(["a", "1"], ["", "2"], ["c", ""], to: file)
        try add([String(repeating: "x", count: 70_000), "3"], to: file)
        let (again, found) = try open()
        #expect(found == [["a", "1"], ["", "2"], ["c", ""], [String(repeating: "x", count: 70_000), "3"]])
        #expect(again.size == file.size)
        #expect(log.lines.isEmpty)
    }

    /// Whatever part of the last write reached the disk, what was there before is read, and the next write is too.
    @Test func aTornEndIsCutOff() throws {
        let (file, _) = try open()
        let empty = file.size
        try add(["a", "1"], to: file)
        let size = file.size
        try add(["b", "22"], to: file)
        let whole = try TemporaryFolder.read(path)
        for count in 0..<whole.count where count != size && count != empty && count != 0 {
            try TemporaryFolder.write(Array(whole[..<count]), to: path)
            let (torn, found) = try open()
            #expect(found == (count < size ? [] : [["a", "1"]]))
            try add(["c", "3"], to: torn)
            #expect(try open().1 == found + [["c", "3"]])
        }
        #expect(log.lines.contains("the last 2 bytes of \(path) were torn or damaged and are dropped"))
    }

    @Test func aFlippedBitIsNoRecord() throws {
        let (file, _) = try open()
        let start = file.size
        try add(["a", "1"], to: file)
        let whole = try TemporaryFolder.read(path)
        for index in start..<whole.count {
            var damaged = whole
            damaged[index] ^= 0x10
            try TemporaryFolder.write(damaged, to: path)
            #expect(try open().1 == [])
            #expect(try TemporaryFolder.read(path) == Array(whole[..<start]))
        }
    }

    @Test func zerosAreNoRecords() throws {
        let (file, _) = try open()
        try add(["a", "1"], to: file)
        let whole = try TemporaryFolder.read(path)
        try TemporaryFolder.write(whole + [UInt8](repeating: 0, count: 4096), to: path)
        #expect(try open().1 == [["a", "1"]])
        #expect(try TemporaryFolder.read(path) == whole)
    }

    @Test func whatTheOwnerDoesNotUnderstandIsDroppedWithAllBehindIt() throws {
        let (file, _) = try open()
        try add(["a", "1"], to: file)
        let size = file.size
        try add(["bad", "record"], ["b", "2"], to: file)
        #expect(try open().0.size == size)
    }

    @Test(arguments: ["something else entirely", "RBTEST2\n", "RBT-"]) func anotherKindOfFileIsLeftAlone(
        _ text: String
    ) throws {
        try TemporaryFolder.write(Array(text.utf8), to: path)
        #expect(throws: StorageError("\(path) holds no words; move it away and start again")) { try open() }
        #expect(try TemporaryFolder.read(path) == Array(text.utf8))
    }

    @Test func aFileThatIsMostlyOutOfDateIsWrittenAnew() throws {
        let (file, _) = try open()
        let large = String(repeating: "x", count: 400_000)
        let size = records([["a", large]]).readableBytes
        for number in 1...4 {
            try add(["a", large], to: file)
            let isSmaller = file.shrink(liveBytes: size + 8) { records([["a", large]]) }
            // Not below a size, and not for less than two thirds of it.
            #expect(isSmaller == (number == 4))
        }
        #expect(file.size == size + 8)
        try add(["b", "1"], to: file)
        #expect(try open().1 == [["a", large], ["b", "1"]])
    }

    /// A disk without room for a second file has room for what is to be appended: nothing fails for that, and the attempt is
    /// not made at every write.
    @Test func aFileThatCannotBecomeSmallerGrowsOn() throws {
        let (file, _) = try open()
        let large = String(repeating: "x", count: 1_200_000)
        try add(["a", large], ["b", "1"], to: file)
        disk.set { $0.room = 1000 }
        var attempts = 0
        func shrink() -> Bool {
            file.shrink(liveBytes: 20) {
                attempts += 1
                return records([["a", String(repeating: "y", count: 2000)]])
            }
        }
        #expect(!shrink())
        #expect(log.lines.contains { $0.hasPrefix("\(path) cannot be made smaller: ") })
        #expect(try disk.contents(of: folder.path) == ["file"])
        disk.set { $0.room = nil }
        try add(["c", "2"], to: file)
        #expect(!shrink() && attempts == 1)
        #expect(try open().1.map(\.[0]) == ["a", "b", "c"])
        try add(["a", large], ["a", large], to: file)
        #expect(shrink() && attempts == 2)
        #expect(file.size < 3000)
    }

    @Test func readingAgainFindsAllThatWasAppended() throws {
        let (file, _) = try open()
        try add(["a", "1"], ["b", "2"], to: file)
        var found: [String] = []
        try file.read { parts in
            found += parts.map { String(buffer: $0) }
            return true
        }
        #expect(found == ["a", "1", "b", "2"])
        var bytes = try TemporaryFolder.read(path)
        bytes[bytes.count - 1] ^= 1
        try #require(try Disk().open(path, readOnly: false)).write(bytes, at: 0)
        #expect(throws: StorageError.self) { try file.read { _ in true } }
    }
}
