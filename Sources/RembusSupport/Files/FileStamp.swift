#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Identifies a version of a file: the stamp changes when the file is written or replaced. Symbolic links are followed,
/// because tools that mount certificates replace links.
package struct FileStamp: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    private let seconds: Int64
    private let nanoseconds: Int64

    /// nil when there is no such file. Blocks on the disk.
    package init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(truncatingIfNeeded: status.st_ino)
        size = Int64(status.st_size)
        #if canImport(Darwin)
        let time = status.st_mtimespec
        #else
        let time = status.st_mtim
        #endif
        seconds = Int64(time.tv_sec)
        nanoseconds = Int64(time.tv_nsec)
    }

    /// The stamps of several files. A missing file has the stamp nil.
    package static func of(_ paths: [String]) -> [String: FileStamp?] {
        Dictionary(paths.map { ($0, FileStamp($0)) }) { first, _ in first }
    }
}
