#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Folders and pauses, without Foundation.
enum Folders {
    /// Makes a folder and those above it, as far as they are missing, for the owner alone.
    static func make(_ path: String) throws(LakeError) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            if mkdir(made, 0o700) != 0, errno != EEXIST, errno != EISDIR {
                let reason = String(cString: strerror(errno))
                // A folder that may not be written to but exists is no obstacle.
                var information = stat()
                if stat(made, &information) == 0 { continue }
                throw LakeError(.io, "cannot make the folder \(made): \(reason)")
            }
        }
    }
}

/// Waiting on a storage thread.
enum Pause {
    static func milliseconds(_ count: Int) {
        var time = timespec(tv_sec: count / 1000, tv_nsec: count % 1000 * 1_000_000)
        var rest = timespec()
        while nanosleep(&time, &rest) != 0, errno == EINTR { time = rest }
    }
}
