#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import RembusSupport
import Synchronization

/// Keeps a second broker from using a catalog in a file: two writers with the same name would both archive the same
/// journal.
///
/// The lock is the kernel's, on a file beside the catalog, and ends with the process. Brokers with different names may
/// share an SQLite catalog, so the lock is for the name there.
final class CatalogLock: Sendable {
    /// Negative when the lock is released.
    private let held: Atomic<Int32>

    /// nil for a catalog on a server.
    init?(_ configuration: LakeConfiguration) throws(LakeError) {
        let path: String
        switch configuration.catalog {
        case .duckdb(let file): path = "\(file).lock"
        case .sqlite(let file): path = "\(file).\(configuration.name.replacing("/", with: "_")).lock"
        case .postgres: return nil
        }
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw LakeError(.io, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        guard FileLock.take(descriptor) == .locked else {
            close(descriptor)
            throw LakeError(.io, "another broker uses \(configuration.catalog) (\(path) is locked)")
        }
        held = Atomic(descriptor)
    }

    /// Releases the lock, even if there are still references to this object. May be called again.
    func release() {
        let descriptor = held.exchange(-1, ordering: .relaxed)
        if descriptor >= 0 { close(descriptor) }
    }

    deinit { release() }
}
