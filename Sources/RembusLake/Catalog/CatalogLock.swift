#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import RembusSupport
import Synchronization

/// Keeps a second broker out of a catalog in a file: two writers of one name would both archive the same journal.
///
/// The lock is the kernel's, on a file beside the catalog, and ends with the process. An SQLite catalog may be shared
/// by brokers of different names, so the lock is of the name there.
final class CatalogLock: Sendable {
    /// Negative once the lock is released.
    private let held: Atomic<Int32>

    /// Nil for a catalog on a server.
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

    /// Releases the lock, whoever still has a reference to this; again without harm.
    func release() {
        let descriptor = held.exchange(-1, ordering: .relaxed)
        if descriptor >= 0 { close(descriptor) }
    }

    deinit { release() }
}
