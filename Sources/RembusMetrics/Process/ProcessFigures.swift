#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The process metrics that Prometheus libraries of all languages provide. Those that the system does not provide are
/// left out.
enum ProcessFigures {
    /// The metrics that ``write(to:)`` may write.
    static let names = [
        "process_cpu_seconds_total", "process_max_fds", "process_open_fds", "process_resident_memory_bytes",
        "process_start_time_seconds", "process_virtual_memory_bytes",
    ]

    static func write(to text: inout MetricText) {
        text.metric(names[0], .counter, "Processor time of this process, user and system, in seconds.", cpuSeconds)
        if let limit = descriptorLimit {
            text.metric(names[1], .gauge, "How many files and sockets this process may have open.", limit)
        }
        #if os(Linux)
        if let count = openDescriptors {
            text.metric(names[2], .gauge, "Files and sockets that this process has open.", count)
        }
        guard let status = LinuxStatus() else { return }
        text.metric(names[3], .gauge, "Memory of this process that is in RAM, in bytes.", status.residentBytes)
        if let start = status.startTime {
            text.metric(names[4], .gauge, "When this process started, in seconds since 1970.", start)
        }
        text.metric(names[5], .gauge, "Addresses that this process has reserved, in bytes.", status.virtualBytes)
        #endif
    }

    private static var cpuSeconds: Double {
        var usage = rusage()
        #if canImport(Glibc)
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        #else
        getrusage(RUSAGE_SELF, &usage)
        #endif
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    private static var descriptorLimit: Double? {
        var limit = rlimit()
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return nil }
        return limit.rlim_cur == rlim_t.max ? .infinity : Double(limit.rlim_cur)
    }
}

#if os(Linux)
extension ProcessFigures {
    /// The number of entries in `/proc/self/fd`, without the two of the folder itself and the one that reads it.
    private static var openDescriptors: Double? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return Double(max(count - 3, 0))
    }
}

/// The contents of `/proc/self/stat`.
private struct LinuxStatus {
    let residentBytes: Double
    let virtualBytes: Double
    let startTime: Double?

    init?() {
        // The second field is the program's name in parentheses and may contain anything. The fields behind it are
        // numbers.
        guard let text = Self.contents("/proc/self/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        // Fields 22, 23 and 24 of proc(5); the first here is number 3.
        guard fields.count > 21, let ticks = Double(fields[19]), let bytes = Double(fields[20]),
            let pages = Double(fields[21])
        else { return nil }
        virtualBytes = bytes
        residentBytes = pages * Double(sysconf(Int32(_SC_PAGESIZE)))
        startTime = Self.bootTime.map { $0 + ticks / Double(sysconf(Int32(_SC_CLK_TCK))) }
    }

    /// Seconds since 1970; it does not change.
    private static let bootTime: Double? = contents("/proc/stat")?.split(separator: "\n")
        .first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst("btime ".count)) }

    /// The contents of a file of the kernel. Such files state no size.
    private static func contents(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = read(descriptor, &part, part.count)
            if count <= 0 { break }
            bytes += part[..<count]
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
#endif
