import Foundation
import NIOCore
import Rembus
import Synchronization

extension BenchRun {
    /// The number of connections that are opened at a time.
    private static let parallelism = 64

    /// Many connections that do nothing.
    func idle() async throws -> BenchReport {
        try raiseDescriptorLimit(to: plan.connections + 64)
        // A first connection makes the broker load what it needs only once.
        let first = try await sending.open(plan, counters) { [counters] in BenchPeer(group: $0, counters: counters) }
        try await Task.sleep(for: .milliseconds(200))
        let before = try plan.pid.map(Self.residentBytes)
        let watch = try BrokerWatch.start(plan.pid)
        let ownCPU = ProcessUsage.ownCPUSeconds
        let start = BenchClock.now()
        let peers = try await openMany()
        var report = BenchReport(plan)
        report.seconds = BenchClock.seconds(from: start, to: BenchClock.now())
        report.operations = peers.count
        // Half of the time passes before the memory is measured, so that memory for opening connections is released.
        try await Task.sleep(for: .seconds(plan.seconds / 2))
        let after = try plan.pid.map(Self.residentBytes)
        try await Task.sleep(for: .seconds(plan.seconds / 2))
        watch?.sample()
        report.setUsage(watch?.result(), ownCPU: ProcessUsage.ownCPUSeconds - ownCPU)
        report.lost = peers.count + 1 - counters.openConnections.load(ordering: .relaxed)
        if let before, let after { report.bytesPerConnection = Double(after - before) / Double(peers.count) }
        for peer in peers + [first] { peer.tell { $0.close() } }
        try await Task.sleep(for: .milliseconds(200))
        return report
    }

    private func openMany() async throws -> [PeerHandle<BenchPeer>] {
        let (plan, counters) = (plan, counters)
        let loops = [sending, receiving]
        let progress = BenchProgress(isShown: Terminal.isError)
        defer { progress.clear() }
        return try await withThrowingTaskGroup(of: PeerHandle<BenchPeer>.self) { tasks in
            var peers: [PeerHandle<BenchPeer>] = []
            for index in 0..<plan.connections {
                if index >= Self.parallelism, let peer = try await tasks.next() { peers.append(peer) }
                let loop = loops[index % loops.count]
                tasks.addTask { try await loop.open(plan, counters) { BenchPeer(group: $0, counters: counters) } }
                progress.show(sent: peers.count, delivered: 0)
            }
            for try await peer in tasks { peers.append(peer) }
            return peers
        }
    }

    private static func residentBytes(_ pid: Int32) throws(CommandFailure) -> Int {
        guard let usage = ProcessUsage(pid: pid) else { throw CommandFailure("there is no process \(pid)") }
        return usage.residentBytes
    }

    private func raiseDescriptorLimit(to count: Int) throws(CommandFailure) {
        var limit = rlimit()
        #if canImport(Darwin)
        let resource = RLIMIT_NOFILE
        #else
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #endif
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < rlim_t(count) else { return }
        limit.rlim_cur = min(limit.rlim_max, rlim_t(count))
        guard setrlimit(resource, &limit) == 0, limit.rlim_cur >= rlim_t(count) else {
            throw CommandFailure(
                "\(count) open files are needed, and only \(limit.rlim_max) are allowed; raise the limit with `ulimit -n`"
            )
        }
    }
}
