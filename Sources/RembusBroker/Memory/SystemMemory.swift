#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the system says about memory.
package enum SystemMemory {
    /// Bytes of the machine, or what the process's control group may use, if that is less.
    package static let bytes: Int = {
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        let machine = pages > 0 ? pages * pageBytes : 4 << 30
        return min(machine, groupLimit ?? machine)
    }()

    private static let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))

    /// Bytes of this process that are really in memory; nil where the system does not say.
    package static var residentBytes: Int? {
        guard let text = contents("/proc/self/statm") else { return nil }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? Int(fields[1]).map { $0 * pageBytes } : nil
    }

    /// Gives memory that is free inside of the process back to the system.
    package static func giveBack() {
        _ = trim?(0)
    }

    /// `malloc_trim`, which only glibc has and its module for Swift does not declare.
    private static let trim: (@Sendable @convention(c) (Int) -> Int32)? = {
        guard let symbol = dlsym(nil, "malloc_trim") else { return nil }
        return unsafeBitCast(symbol, to: (@Sendable @convention(c) (Int) -> Int32).self)
    }()

    /// The least of the limits of the control group and those above it, of both versions.
    private static var groupLimit: Int? {
        var limits: [Int] = []
        for line in contents("/proc/self/cgroup")?.split(separator: "\n") ?? [] {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let (root, file): (String, String)
            if parts[1].isEmpty {
                (root, file) = ("/sys/fs/cgroup", "memory.max")
            } else if parts[1].split(separator: ",").contains("memory") {
                (root, file) = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            } else {
                continue
            }
            var path = String(parts[2])
            while true {
                if let limit = number("\(root)\(path == "/" ? "" : path)/\(file)") { limits.append(limit) }
                guard path.count > 1, let slash = path.lastIndex(of: "/") else { break }
                path = slash == path.startIndex ? "/" : String(path[..<slash])
            }
        }
        return limits.min()
    }

    private static func number(_ path: String) -> Int? {
        contents(path).flatMap { Int($0.split(whereSeparator: \.isWhitespace).first ?? "") }
    }

    /// A file of the kernel's, which has no size of its own.
    private static func contents(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &part, part.count)
            if count <= 0 { break }
            bytes += part[..<count]
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
