#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import RembusSupport
import Synchronization

/// A file of the operating system.
package final class DiskFile: StorageFile {
    private let path: String
    private let descriptor: Int32
    private let isClosed = Atomic(false)

    init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close() }

    package func close() {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        #if canImport(Glibc)
        _ = Glibc.close(descriptor)
        #elseif canImport(Musl)
        _ = Musl.close(descriptor)
        #else
        _ = Darwin.close(descriptor)
        #endif
    }

    package func size() throws(StorageError) -> UInt64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("cannot look at") }
        return UInt64(max(status.st_size, 0))
    }

    package func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(StorageError) {
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset) + off_t(done))
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("cannot write to")
            }
            // A regular file that accepts no bytes without an error is on a full disk.
            guard count > 0 else { throw StorageError("cannot write to \(path)", errno: ENOSPC) }
            done += count
        }
    }

    package func read(into target: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int {
        var done = 0
        while done < target.count {
            let count = pread(
                descriptor, target.baseAddress.map { $0 + done }, target.count - done, off_t(offset) + off_t(done))
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("cannot read")
            }
            if count == 0 { break }
            done += count
        }
        return done
    }

    package var isDeleted: Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_nlink == 0
    }

    package var isInPlace: Bool {
        var (mine, there) = (stat(), stat())
        return fstat(descriptor, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino
            && mine.st_dev == there.st_dev
    }

    package func sync() throws(StorageError) {
        if isDeleted { throw StorageError("\(path) was deleted while the broker used it") }
        #if canImport(Darwin)
        // On Apple systems `fsync` leaves the data in the drive's cache. Not every file system supports the stronger
        // `F_FULLFSYNC`.
        if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
        guard fsync(descriptor) == 0 else { throw failure("cannot sync") }
        #else
        while fdatasync(descriptor) != 0 {
            guard errno == EINTR else { throw failure("cannot sync") }
        }
        #endif
    }

    package func reserve(_ bytes: UInt64) {
        #if canImport(Darwin)
        var request = fstore_t(
            fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0, fst_length: off_t(bytes),
            fst_bytesalloc: 0)
        if fcntl(descriptor, F_PREALLOCATE, &request) == 0 { _ = ftruncate(descriptor, off_t(bytes)) }
        #else
        _ = posix_fallocate(descriptor, 0, off_t(bytes))
        #endif
    }

    package func truncate(to bytes: UInt64) throws(StorageError) {
        guard ftruncate(descriptor, off_t(bytes)) == 0 else { throw failure("cannot cut") }
    }

    func lock() -> Bool {
        FileLock.take(descriptor) == .locked
    }

    /// Replaces the file's content by a number, if possible.
    func note(_ number: Int32) {
        let text = Array("\(number)\n".utf8)
        guard ftruncate(descriptor, 0) == 0 else { return }
        _ = text.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    private func failure(_ what: String) -> StorageError {
        StorageError("\(what) \(path)", errno: errno)
    }
}
