import NIOCore
import Testing

@testable import RembusStore

@Suite struct AppendOnlyFileTests {
    private let folder = TemporaryFolder()
    private let disk = FaultyDisk { _ in true }
    private var path: String { "\(folder.path)/file" }

    private func open() throws -> AppendOnlyFile { try AppendOnlyFile(path, fileSystem: disk) }

    private func add(
        _ text: String, to file: AppendOnlyFile, isSynced: Bool = true, all: String = ""
    ) throws(StorageError) {
        try file.append(ByteBuffer(string: text), isSynced: isSynced) { ByteBuffer(string: all) }
    }

    private var onDisk: String { get throws { String(decoding: try TemporaryFolder.read(path), as: UTF8.self) } }

    @Test func whatIsAppendedIsThere() throws {
        let file = try open()
        try add("one ", to: file)
        try add("two ", to: file, isSynced: false)
        try add("", to: file)
        #expect(try String(buffer: file.content()) == "one two ")
        let again = try open()
        #expect(again.size == 8)
        try add("three", to: again)
        #expect(try onDisk == "one two three")
    }

    /// Whatever the full disk took of it: nothing of it is behind what is written in its place, which may be shorter.
    @Test(arguments: 0..<12) func nothingIsLeftOfWhatAFullDiskTookInPart(_ room: Int) throws {
        let file = try open()
        try add("whole ", to: file)
        disk.set { $0.room = room }
        #expect(throws: StorageError.self) { try add("twelve bytes", to: file) }
        #expect(file.size == 6)
        disk.set { $0.room = nil }
        try add("x", to: file)
        #expect(try onDisk == "whole x")
    }

    @Test func nothingIsLeftOfWhatTheDiskHasNotConfirmed() throws {
        let file = try open()
        try add("whole ", to: file)
        disk.set { $0.failsSync = true }
        #expect(throws: StorageError.self) { try add("not confirmed", to: file) }
        disk.set { $0.failsSync = false }
        try add("x", to: file)
        #expect(try onDisk == "whole x")
    }

    /// The system says once that it could not write, and drops what it had: a later sync is no proof for what was before.
    @Test func whatAFailingSyncMayHaveLostIsWrittenAnew() throws {
        let file = try open()
        try add("one ", to: file)
        try add("two ", to: file, isSynced: false)
        disk.set { ($0.failsSync, $0.dropsUnsynced) = (true, true) }
        #expect(throws: StorageError.self) { try add("three", to: file, all: "one two three") }
        #expect(try onDisk != "one two three")
        disk.set { $0.failsSync = false }
        try add("three", to: file, all: "one two three")
        #expect(try onDisk == "one two three")
        try add(" four", to: file)
        #expect(try onDisk == "one two three four")
    }

    @Test(arguments: [true, false]) func aFileThatWasDeletedIsWrittenAnew(_ isSynced: Bool) throws {
        let file = try open()
        try add("one ", to: file)
        try disk.remove(path)
        #expect(file.mustBeReplaced)
        try add("two", to: file, isSynced: isSynced, all: "all")
        #expect(!file.mustBeReplaced)
        try add(" three", to: file, isSynced: isSynced)
        #expect(try onDisk == "all three")
    }

    @Test func aFileThatCannotBeWrittenAnewIsAsItWasAndTakesNoRoom() throws {
        let file = try open()
        try add("old", to: file)
        disk.set { $0.room = 2 }
        #expect(throws: StorageError.self) { try file.replace(with: ByteBuffer(string: "new")) }
        #expect(try disk.contents(of: folder.path) == ["file"])
        disk.set { ($0.room, $0.failsSync) = (nil, true) }
        #expect(throws: StorageError.self) { try file.replace(with: ByteBuffer(string: "new")) }
        #expect(try disk.contents(of: folder.path) == ["file"])
        disk.set { $0.failsSync = false }
        try add(" file", to: file)
        #expect(try onDisk == "old file")
    }

    /// A crash before the new file is in the old one's place.
    @Test func whatACrashLeftOfANewFileIsInNobodysWay() throws {
        try TemporaryFolder.write(Array("something longer than the new file".utf8), to: path + ".new")
        let file = try open()
        try add("old", to: file)
        try file.replace(with: ByteBuffer(string: "new"))
        #expect(try onDisk == "new")
        #expect(try disk.contents(of: folder.path) == ["file"])
    }

    /// Its name in the folder too, also that of one that is new or was written anew.
    @Test func theNameSurvivesAPowerFailureAsSoonAsTheBytesDo() throws {
        let file = try open()
        try add("one", to: file, isSynced: false)
        #expect(disk.counts.folderSyncs == 0)
        try add("two", to: file)
        #expect(disk.counts.folderSyncs == 1)
        try add("three", to: file)
        #expect(disk.counts.folderSyncs == 1)
        try file.replace(with: ByteBuffer(string: "new"))
        try add("four", to: file)
        #expect(disk.counts.folderSyncs == 2)
    }
}
