#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Identifies the catalog's file and its data folder, as they were when they were opened. DuckDB continues with a file
/// that was deleted, and what the journal hands over then would be lost.
struct CatalogPlace: Sendable {
    private struct Spot: Sendable, Equatable {
        var device: dev_t
        var inode: ino_t

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            (device, inode) = (status.st_dev, status.st_ino)
        }
    }

    private let spots: [(path: String, spot: Spot)]

    /// Records the current identities. A catalog on a server, and data in an object store, have none.
    init(catalog file: String?, dataPath: String) {
        let paths = [file, dataPath.contains("://") ? nil : dataPath].compactMap { $0 }
        spots = paths.compactMap { path in Spot(path).map { (path, $0) } }
    }

    var isThere: Bool { spots.allSatisfy { Spot($0.path) == $0.spot } }

    /// Throws when one of them is gone or was replaced.
    func check() throws(LakeError) {
        guard let lost = spots.first(where: { Spot($0.path) != $0.spot }) else { return }
        throw LakeError(
            .io,
            "\(lost.path) was deleted, moved or replaced while the broker used it. Put it back where it was, or stop the broker and start it again"
        )
    }
}
