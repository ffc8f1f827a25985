#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The file system of the operating system. Files and folders are created for their owner alone, because publications
/// and pins are in them.
package struct Disk: StorageFileSystem {
    package init() {}

    package func createDirectory(_ path: String) throws(StorageError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw StorageError("cannot create the folder \(path)", errno: errno)
        }
        try createDirectory(String(path[..<slash]))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw StorageError("cannot create the folder \(path)", errno: errno)
        }
    }

    package func contents(of directory: String) throws(StorageError) -> [String] {
        guard let stream = opendir(directory) else {
            throw StorageError("cannot list the folder \(directory)", errno: errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    package func open(_ path: String, readOnly: Bool) throws(StorageError) -> (any StorageFile)? {
        guard let descriptor = descriptor(path, readOnly ? O_RDONLY : O_RDWR | O_CREAT) else {
            if readOnly, errno == ENOENT { return nil }
            throw StorageError("cannot open \(path)", errno: errno)
        }
        return DiskFile(path: path, descriptor: descriptor)
    }

    private func descriptor(_ path: String, _ flags: Int32) -> Int32? {
        let descriptor: Int32
        #if canImport(Glibc)
        descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o600)
        #elseif canImport(Musl)
        descriptor = Musl.open(path, flags | O_CLOEXEC, 0o600)
        #else
        descriptor = Darwin.open(path, flags | O_CLOEXEC, 0o600)
        #endif
        return descriptor >= 0 ? descriptor : nil
    }

    package func remove(_ path: String) throws(StorageError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw StorageError("cannot remove \(path)", errno: errno) }
    }

    package func rename(_ path: String, to target: String) throws(StorageError) {
        #if canImport(Glibc)
        let code = Glibc.rename(path, target)
        #elseif canImport(Musl)
        let code = Musl.rename(path, target)
        #else
        let code = Darwin.rename(path, target)
        #endif
        guard code == 0 else { throw StorageError("cannot rename \(path)", errno: errno) }
    }

    package func syncDirectory(_ path: String) throws(StorageError) {
        guard let descriptor = descriptor(path, O_RDONLY) else {
            throw StorageError("cannot open the folder \(path)", errno: errno)
        }
        let directory = DiskFile(path: path, descriptor: descriptor)
        defer { directory.close() }
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw StorageError("cannot sync the folder \(path)", errno: errno)
        }
    }

    package func lock(_ path: String) throws(StorageError) -> any StorageFile {
        guard let descriptor = descriptor(path, O_RDWR | O_CREAT) else {
            throw StorageError("cannot open \(path)", errno: errno)
        }
        let file = DiskFile(path: path, descriptor: descriptor)
        guard file.lock() else {
            let reason = errno
            guard reason == EWOULDBLOCK else { throw StorageError("cannot lock \(path)", errno: reason) }
            throw StorageError(
                "\(path) is locked: another broker\(LockHolder(of: path)?.note ?? "") uses this folder; stop it, or choose another "
                    + "--name or REMBUS_DIR")
        }
        // The number tells other processes who holds the lock; the broker works without it.
        file.note(getpid())
        return file
    }
}
