import NIOConcurrencyHelpers

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@testable import RembusStore

/// The disk, with the faults that a test asks for.
final class FaultyDisk: StorageFileSystem {
    struct Faults {
        /// Bytes that may still be written; then the disk is full. Nil: no limit.
        var room: Int?
        var failsSync = false
        /// Zeroes what was written since the last good sync when a sync fails, as a kernel that drops dirty pages does.
        var dropsUnsynced = false
        /// Writes nothing at all.
        var failsWrite = false
        var isSlow = false
        var writes = 0
        var syncs = 0
        var folderSyncs = 0
        var reserved = 0
    }

    let faults = NIOLockedValueBox(Faults())
    private let disk = Disk()
    /// Which files have them, by their path.
    private let isFaulty: @Sendable (String) -> Bool

    init(_ isFaulty: @escaping @Sendable (String) -> Bool = { $0.hasSuffix(".seg") }) { self.isFaulty = isFaulty }

    func set(_ change: (inout Faults) -> Void) { faults.withLockedValue(change) }
    var counts: Faults { faults.withLockedValue { $0 } }

    func createDirectory(_ path: String) throws(StorageError) { try disk.createDirectory(path) }
    func contents(of directory: String) throws(StorageError) -> [String] { try disk.contents(of: directory) }
    func remove(_ path: String) throws(StorageError) { try disk.remove(path) }
    func rename(_ path: String, to target: String) throws(StorageError) { try disk.rename(path, to: target) }
    func syncDirectory(_ path: String) throws(StorageError) {
        set { $0.folderSyncs += 1 }
        try disk.syncDirectory(path)
    }
    func lock(_ path: String) throws(StorageError) -> any StorageFile { try disk.lock(path) }

    func open(_ path: String, readOnly: Bool) throws(StorageError) -> (any StorageFile)? {
        guard let file = try disk.open(path, readOnly: readOnly) else { return nil }
        return readOnly ? file : FaultyFile(file, disk: self, isFaulty: isFaulty(path))
    }
}

final class FaultyFile: StorageFile {
    private let file: any StorageFile
    private let disk: FaultyDisk
    private let isFaulty: Bool
    private let unsynced = NIOLockedValueBox<[(offset: UInt64, count: Int)]>([])

    init(_ file: any StorageFile, disk: FaultyDisk, isFaulty: Bool) {
        self.file = file
        self.disk = disk
        self.isFaulty = isFaulty
    }

    func size() throws(StorageError) -> UInt64 { try file.size() }
    func truncate(to bytes: UInt64) throws(StorageError) { try file.truncate(to: bytes) }
    func reserve(_ bytes: UInt64) {
        disk.set { $0.reserved += 1 }
        file.reserve(bytes)
    }
    func close() { file.close() }
    var isDeleted: Bool { file.isDeleted }

    func read(into target: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int {
        try file.read(into: target, at: offset)
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(StorageError) {
        guard isFaulty else { return try file.write(bytes, at: offset) }
        let (allowed, isSlow) = disk.faults.withLockedValue { faults in
            faults.writes += 1
            if faults.failsWrite { return (0, false) }
            guard let room = faults.room else { return (bytes.count, faults.isSlow) }
            let allowed = min(room, bytes.count)
            faults.room = room - allowed
            return (allowed, faults.isSlow)
        }
        if isSlow { usleep(20_000) }
        // A full disk takes a part of it.
        try file.write(UnsafeRawBufferPointer(rebasing: bytes[..<allowed]), at: offset)
        unsynced.withLockedValue { $0.append((offset, allowed)) }
        if allowed < bytes.count { throw StorageError("cannot write to the test's disk", errno: ENOSPC) }
    }

    func sync() throws(StorageError) {
        guard isFaulty else { return try file.sync() }
        let (fails, drops) = disk.faults.withLockedValue { faults in
            faults.syncs += 1
            return (faults.failsSync, faults.dropsUnsynced)
        }
        let written = unsynced.withLockedValue { written in
            defer { written = [] }
            return written
        }
        guard fails else { return try file.sync() }
        if drops {
            for (offset, count) in written { try file.write([UInt8](repeating: 0, count: count), at: offset) }
        }
        throw StorageError("cannot sync the test's disk", errno: EIO)
    }
}
