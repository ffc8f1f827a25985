#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Files and sockets of this process: how many there may be, and are.
package enum Descriptors {
    #if canImport(Glibc)
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
    private static let resource = RLIMIT_NOFILE
    #endif

    /// More than any broker uses; some systems say that there is no limit, and others refuse what is above theirs.
    private static let most: rlim_t = 1 << 20

    /// Raises the limit as far as the system lets this process. Returns how many there may be now.
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

    /// How many there may be.
    package static var limit: Int {
        var limit = rlimit()
        return getrlimit(resource, &limit) == 0 ? Int(min(limit.rlim_cur, most)) : Int(most)
    }

    /// How many are open; nil where the system does not say.
    package static var open: Int? {
        guard let folder = opendir("/dev/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Without `.`, `..` and the descriptor that reads this folder.
        return max(count - 3, 0)
    }

    /// How many connections may not have, because files need them: an eighth of the limit, within bounds.
    package static func reserve(ofLimit limit: Int) -> Int { min(max(limit / 8, 16), 256) }
}
