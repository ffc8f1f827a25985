import NIOCore
import Rembus
import Synchronization

extension BenchRun {
    /// One caller, one provider.
    func calls() async throws -> BenchReport {
        let (plan, counters) = (plan, counters)
        let shape = FrameShape.request(topic: plan.topic, size: plan.size)
        let provider = try await receiving.open(plan, counters) { BenchProvider(group: $0, counters: counters) }
        try await provider.finish { $0.admin(plan.topic, .expose) }
        let caller = try await sending.open(plan, counters) {
            BenchCaller(group: $0, counters: counters, plan: plan, shape: shape)
        }
        let watch = try BrokerWatch.start(plan.pid)
        let ownCPU = ProcessUsage.ownCPUSeconds
        caller.tell { $0.begin() }
        try await follow(watch) {
            counters.completed.load(ordering: .relaxed) >= counters.sent.load(ordering: .relaxed)
        }
        var report = BenchReport(plan)
        report.setUsage(watch?.result(), ownCPU: ProcessUsage.ownCPUSeconds - ownCPU)
        let result = try await caller.with { (start: $0.start, errors: $0.errors, latency: $0.latency) }
        report.operations = counters.completed.load(ordering: .relaxed)
        report.seconds = BenchClock.seconds(from: result.start, to: counters.lastArrival.load(ordering: .relaxed))
        report.errors = result.errors
        report.lost = counters.sent.load(ordering: .relaxed) - report.operations
        report.latency = result.latency
        return report
    }
}
