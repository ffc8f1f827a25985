#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Facts of the system about memory.
package enum SystemMemory {
    /// The memory of the machine in bytes, or what the process's control group may use, if that is less.
    package static let bytes: Int = {
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        let machine = pages > 0 ? pages * pageBytes : 4 << 30
        return min(machine, groupLimit ?? machine)
    }()

    private static let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))

    /// The bytes of this process that are in memory; nil where the system does not say.
    package static var residentBytes: Int? {
        guard let text = contents("/proc/self/statm") else { return nil }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? Int(fields[1]).map { $0 * pageBytes } : nil
    }

    /// Returns memory that is free inside of the process to the system.
    package static func giveBack() {
        _ = trim?(0)
    }

    /// `malloc_trim`. Only glibc has it, and its Swift module does not declare it.
    private static let trim: (@Sendable @convention(c) (Int) -> Int32)? = {
        guard let symbol = dlsym(nil, "malloc_trim") else { return nil }
        return unsafeBitCast(symbol, to: (@Sendable @convention(c) (Int) -> Int32).self)
    }()

    /// The smallest limit of the control group and those above it, in versions 1 and 2.
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

    /// The contents of a file of the kernel. Such files state no size.
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
