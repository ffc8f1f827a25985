import Foundation
import RembusStore
import Testing

/// Who holds a folder is known without touching it.
struct LockHolderTests {
    @Test func aLockSaysWhoHasIt() throws {
        let folder = TemporaryFolder()
        let path = "\(folder.path)/lock"
        #expect(LockHolder(of: path) == nil)
        #expect(!FileManager.default.fileExists(atPath: path))
        let lock = try Disk().lock(path)
        #expect(LockHolder(of: path)?.process == getpid())
        let error = #expect(throws: StorageError.self) { try Disk().lock(path) }
        #expect("\(error.map { "\($0)" } ?? "")".contains("another broker (process \(getpid())) uses this folder"))
        lock.close()
        #expect(LockHolder(of: path) == nil)
        // One that has not said who it is.
        let again = try Disk().lock(path)
        try Data().write(to: URL(fileURLWithPath: path))
        #expect(LockHolder(of: path)?.note == "")
        again.close()
    }
}
