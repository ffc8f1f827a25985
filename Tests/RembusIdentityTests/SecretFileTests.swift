import Foundation
import Testing

@testable import RembusIdentity

@Suite struct SecretFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func filesAndFoldersAreForTheOwnerOnly() throws {
        try SecretFile.write([], to: folder.file("a/b/secret"), exclusively: false)
        #expect(folder.entries == ["a", "a/b", "a/b/secret"])
        #expect(try folder.mode("a/b/secret") == 0o600)
        #expect(try folder.mode("a") == 0o700)
        #expect(try folder.mode("a/b") == 0o700)
        #expect(try SecretFile.read(folder.file("a/b/secret"), limit: 0) == [])
    }

    @Test func exclusiveWritesNeverReplace() throws {
        try SecretFile.write([1], to: folder.file("x"), exclusively: true)
        let error = #expect(throws: IdentityError.self) {
            try SecretFile.write([2], to: folder.file("x"), exclusively: true)
        }
        #expect(error?.code == .alreadyExists)
        #expect(try folder.content("x") == [1])
        try SecretFile.write([3], to: folder.file("x"), exclusively: false)
        #expect(try folder.content("x") == [3])
        #expect(folder.entries == ["x"])
    }

    @Test func linksAreNotWrittenThrough() throws {
        try folder.put("victim", [7])
        try FileManager.default.createSymbolicLink(atPath: folder.file("x"), withDestinationPath: folder.file("victim"))
        #expect(throws: IdentityError.self) { try SecretFile.write([1], to: folder.file("x"), exclusively: true) }
        try SecretFile.write([2], to: folder.file("x"), exclusively: false)
        #expect(try folder.content("victim") == [7])
        #expect(try folder.content("x") == [2])
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o601, 0o644, 0o777])
    func filesOpenToOthersAreRefused(_ mode: Int) throws {
        try folder.put("x", [1], mode: mode)
        let error = #expect(throws: IdentityError.self) { try SecretFile.read(folder.file("x"), limit: 10) }
        #expect(error?.code == .insecureFile)
        #expect(error?.message.contains("chmod 600") == true)
    }

    @Test(arguments: [(0o644, true), (0o444, true), (0o664, false), (0o646, false)])
    func publicKeysMayBeReadButNotChanged(_ mode: Int, _ isFine: Bool) throws {
        try folder.put("x", [1], mode: mode)
        let bytes = try? SecretFile.read(folder.file("x"), limit: 10, access: .readers)
        #expect(bytes == (isFine ? [1] : nil))
    }

    @Test func otherKindsOfFilesAreRefused() throws {
        try folder.put("target", [1])
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("link"), withDestinationPath: folder.file("target"))
        #expect(throws: IdentityError.self) { try SecretFile.read(folder.file("link"), limit: 10) }
        #expect(try SecretFile.read(folder.file("link"), limit: 10, followsLink: true) == [1])
        try folder.setMode("target", 0o644)
        #expect(throws: IdentityError.self) { try SecretFile.read(folder.file("link"), limit: 10, followsLink: true) }
        #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
        #expect(throws: IdentityError.self) { try SecretFile.read(folder.file("pipe"), limit: 10) }
        #expect(throws: IdentityError.self) { try SecretFile.read(folder.path, limit: 10) }
    }

    @Test func sizesAreLimited() throws {
        try folder.put("x", [UInt8](repeating: 1, count: 11))
        #expect(throws: IdentityError.self) { try SecretFile.read(folder.file("x"), limit: 10) }
        #expect(try SecretFile.read(folder.file("x"), limit: 11).count == 11)
    }

    @Test func whatACrashHasLeftIsRemovedAndWhatIsBeingWrittenStays() throws {
        try folder.put(".new-left", [1])
        try folder.put(".new-busy", [1])
        try folder.put("x", [1])
        let descriptor = open(folder.file(".new-busy"), O_RDONLY)
        #expect(flock(descriptor, LOCK_EX) == 0)
        SecretFile.removeUnfinished(in: folder.path)
        #expect(folder.names == [".new-busy", "x"])
        close(descriptor)
        SecretFile.removeUnfinished(in: folder.path)
        #expect(folder.names == ["x"])
        SecretFile.removeUnfinished(in: folder.file("none"))
    }

    @Test("a removal of what crashes have left disturbs no writer", .timeLimit(.minutes(5)))
    func removalsAndWriters() async throws {
        let folder = folder
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<2 {
                group.addTask {
                    for round in 0..<200 {
                        try SecretFile.write([UInt8(round)], to: folder.file("\(number)"), exclusively: false)
                    }
                }
            }
            group.addTask { for _ in 0..<400 { SecretFile.removeUnfinished(in: folder.path) } }
            try await group.waitForAll()
        }
        #expect(folder.names == ["0", "1"])
        #expect(try SecretFile.read(folder.file("0"), limit: 10) == [199])
    }

    @Test func missingFilesAreNoFailure() throws {
        #expect(try SecretFile.readIfPresent(folder.file("no/such"), limit: 1) == nil)
        #expect(throws: IdentityError.self) { try SecretFile.read(folder.file("none"), limit: 1) }
        #expect(try !SecretFile.remove(folder.file("none")))
    }

    @Test func unwritableFoldersAreReported() throws {
        try folder.put("file", [1])
        let error = #expect(throws: IdentityError.self) {
            try SecretFile.write([1], to: folder.file("file/x"), exclusively: true)
        }
        #expect(error?.code == .fileSystem)
    }
}
