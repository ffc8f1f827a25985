#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The file descriptors of this process: how many there may be, and how many are open.
package enum Descriptors {
    #if canImport(Glibc)
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
    private static let resource = RLIMIT_NOFILE
    #endif

    /// More than any broker needs. Some systems report no limit, but refuse to set more than theirs.
    private static let most: rlim_t = 1 << 20

    /// Raises the limit as far as the system allows. Returns the new limit.
    package static func raiseLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return Int(most) }
        let wanted = min(limit.rlim_max, most)
        if limit.rlim_cur < wanted {
            var raised = limit
            raised.rlim_cur = wanted
            if setrlimit(resource, &raised) == 0 { limit = raised }
        }
        return Int(min(limit.rlim_cur, most))
    }

    /// The limit.
    package static var limit: Int {
        var limit = rlimit()
        return getrlimit(resource, &limit) == 0 ? Int(min(limit.rlim_cur, most)) : Int(most)
    }

    /// The number of open descriptors; nil where the system does not tell.
    package static var open: Int? {
        guard let folder = opendir("/dev/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Without `.`, `..` and the descriptor that reads this folder.
        return max(count - 3, 0)
    }

    /// The number of descriptors that are reserved for files: an eighth of the limit, but at least 16 and at most 256.
    package static func reserve(ofLimit limit: Int) -> Int { min(max(limit / 8, 16), 256) }
}
