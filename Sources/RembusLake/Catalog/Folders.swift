#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Folders and pauses, implemented without Foundation.
enum Folders {
    /// Creates a folder, and missing folders above it, with access for the owner only.
    static func make(_ path: String) throws(LakeError) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            if mkdir(made, 0o700) != 0, errno != EEXIST, errno != EISDIR {
                let reason = String(cString: strerror(errno))
                // A folder that exists is accepted, even if it cannot be written to.
                var information = stat()
                if stat(made, &information) == 0 { continue }
                throw LakeError(.io, "cannot make the folder \(made): \(reason)")
            }
        }
    }
}

/// Pauses on a thread of the storage.
enum Pause {
    static func milliseconds(_ count: Int) {
        var time = timespec(tv_sec: count / 1000, tv_nsec: count % 1000 * 1_000_000)
        var rest = timespec()
        while nanosleep(&time, &rest) != 0, errno == EINTR { time = rest }
    }
}
