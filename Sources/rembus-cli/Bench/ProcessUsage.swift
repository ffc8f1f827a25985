import Foundation
import Synchronization

/// The resources that a process has used, from `/proc` of Linux.
struct ProcessUsage: Sendable {
    /// User and system time together.
    var cpuSeconds: Double
    var residentBytes: Int

    /// nil when there is no such process, or no `/proc` on this system.
    init?(pid: Int32) {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let status = try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)
        else { return nil }
        // The name of the process is in parentheses and may contain anything, including parentheses.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        let pages = status.split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]), pages.count > 1,
            let resident = Int(pages[1])
        else { return nil }
        cpuSeconds = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        residentBytes = resident * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// User and system time of this process.
    static var ownCPUSeconds: Double {
        var usage = rusage()
        #if canImport(Darwin)
        getrusage(RUSAGE_SELF, &usage)
        #else
        getrusage(RUSAGE_SELF.rawValue, &usage)
        #endif
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}

/// Measures the broker during a run.
final class BrokerWatch: Sendable {
    /// The usage from the start to the end.
    struct Result: Sendable {
        var cpuSeconds: Double
        var seconds: Double
        var peakResidentBytes: Int
    }

    private let pid: Int32
    private let first: ProcessUsage
    private let start = BenchClock.now()
    private let peak: Atomic<Int>

    /// Starts measuring; nil without a process id. Throws when there is no such process.
    static func start(_ pid: Int32?) throws(CommandFailure) -> BrokerWatch? {
        guard let pid else { return nil }
        guard let first = ProcessUsage(pid: pid) else {
            throw CommandFailure("there is no process \(pid), or this system does not tell about processes in /proc")
        }
        return BrokerWatch(pid, first)
    }

    private init(_ pid: Int32, _ first: ProcessUsage) {
        self.pid = pid
        self.first = first
        peak = Atomic(first.residentBytes)
    }

    /// Measures the memory now. Called often during the run.
    func sample() {
        guard let usage = ProcessUsage(pid: pid) else { return }
        peak.max(usage.residentBytes, ordering: .relaxed)
    }

    /// The result; nil when the process has ended meanwhile.
    func result() -> Result? {
        guard let last = ProcessUsage(pid: pid) else { return nil }
        peak.max(last.residentBytes, ordering: .relaxed)
        return Result(
            cpuSeconds: last.cpuSeconds - first.cpuSeconds,
            seconds: BenchClock.seconds(from: start, to: BenchClock.now()),
            peakResidentBytes: peak.load(ordering: .relaxed))
    }
}
