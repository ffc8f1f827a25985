#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import RembusSupport
import Synchronization

/// The lock of a data folder on this machine, held while the catalog is open. It is on the file that names the owner of
/// the folder.
///
/// A catalog in a DuckDB file has its folder for itself. One in an SQLite file or in PostgreSQL may be shared by
/// brokers with different names, which hold the lock together. The lock is the kernel's, and ends with the process.
final class DataFolderLock: Sendable {
    /// Empty when the locks are released.
    private let held: Mutex<[Int32]>

    /// Takes the folder for a catalog.
    /// - Parameters:
    ///   - unclaimedOwner: The owner of the folder when no file in it names one.
    init(
        _ wanted: DataOwner, folder: String, for configuration: LakeConfiguration, unclaimedOwner: DataOwner?
    ) throws(LakeError) {
        let isShared = configuration.catalog.isShareable
        let path = "\(folder)/\(DataOwner.fileName)"
        let descriptor = try Self.openOrCreate(path)
        var opened = [descriptor]
        do throws(LakeError) {
            if try !Self.lock(descriptor, .exclusive) {
                // Brokers that share a catalog hold the lock together. The file names the same catalog for all of them.
                guard isShared, try Self.lock(descriptor, .shared), Self.read(descriptor)?.catalog == wanted.catalog
                else { throw Self.busy(folder, Self.read(descriptor)) }
            } else {
                let owner = Self.read(descriptor) ?? unclaimedOwner
                if let owner, !owner.gives(way: wanted, exists: { access($0, F_OK) == 0 }) {
                    throw owner.refusal(of: wanted)
                }
                if Self.read(descriptor) != wanted { try Self.write(wanted, to: descriptor, path) }
                if isShared { _ = try Self.lock(descriptor, .shared) }
            }
            if isShared {
                // Two brokers with the same name would write the same rows and files, so the name is locked too.
                let name = "\(folder)/.\(configuration.name.replacing("/", with: "_")).lock"
                let second = try Self.openOrCreate(name)
                opened.append(second)
                guard try Self.lock(second, .exclusive) else {
                    throw LakeError(
                        .invalid,
                        """
                        another broker called \(configuration.name) uses \(configuration.catalog) (\(name) is locked); \
                        brokers that share a catalog need different names
                        """)
                }
            }
        } catch {
            for descriptor in opened { close(descriptor) }
            throw error
        }
        held = Mutex(opened)
    }

    /// Releases the locks, even if there are still references to this object. May be called again.
    func release() {
        let descriptors = held.withLock { descriptors in
            defer { descriptors = [] }
            return descriptors
        }
        for descriptor in descriptors { close(descriptor) }
    }

    deinit { release() }

    /// The owner of a folder, according to the file in it; nil when there is no such file.
    static func owner(of folder: String) -> DataOwner? {
        let descriptor = openFile(folder + "/" + DataOwner.fileName, O_RDONLY | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return read(descriptor)
    }

    // MARK: Files

    private static func openOrCreate(_ path: String) throws(LakeError) -> Int32 {
        let descriptor = openFile(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw LakeError(.io, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        return descriptor
    }

    /// Returns false when another process holds the lock. On a file system without locks it returns true.
    private static func lock(_ descriptor: Int32, _ mode: FileLock.Mode) throws(LakeError) -> Bool {
        FileLock.take(descriptor, mode) != .held
    }

    private static func read(_ descriptor: Int32) -> DataOwner? {
        var bytes = [UInt8](repeating: 0, count: 16384)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? DataOwner(json: bytes.prefix(count)) : nil
    }

    private static func write(_ owner: DataOwner, to descriptor: Int32, _ path: String) throws(LakeError) {
        let bytes = Array("\(owner.json)\n".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count,
            fsync(descriptor) == 0
        else { throw LakeError(.io, "cannot write \(path): \(String(cString: strerror(errno)))") }
    }

    private static func busy(_ folder: String, _ owner: DataOwner?) -> LakeError {
        LakeError(
            .invalid,
            """
            another broker uses the data folder \(folder) now\(owner.map { ", with the catalog \($0.catalog)" } ?? ""); \
            give this one a folder of its own (data_path)
            """)
    }
}

/// The system's `open`. Methods here have the same name.
private func openFile(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }
