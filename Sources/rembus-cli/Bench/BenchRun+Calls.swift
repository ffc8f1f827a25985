import NIOCore
import Rembus
import Synchronization

extension BenchRun {
    /// One caller, one provider.
    func calls() async throws -> BenchReport {
        let (plan, board) = (plan, board)
        let shape = FrameShape.request(topic: plan.topic, size: plan.size)
        let provider = try await receiving.open(plan, board) { BenchProvider(group: $0, board: board) }
        try await provider.finish { $0.admin(plan.topic, .expose) }
        let caller = try await sending.open(plan, board) {
            BenchCaller(group: $0, board: board, plan: plan, shape: shape)
        }
        let watch = try BrokerWatch.start(plan.pid)
        let ownCPU = ProcessUsage.ownCPUSeconds
        caller.tell { $0.begin() }
        try await follow(watch) {
            board.completed.load(ordering: .relaxed) >= board.sent.load(ordering: .relaxed)
        }
        var report = BenchReport(plan)
        report.setUsage(watch?.result(), ownCPU: ProcessUsage.ownCPUSeconds - ownCPU)
        let result = try await caller.with { (start: $0.start, errors: $0.errors, latency: $0.latency) }
        report.operations = board.completed.load(ordering: .relaxed)
        report.seconds = BenchClock.seconds(from: result.start, to: board.lastArrival.load(ordering: .relaxed))
        report.errors = result.errors
        report.lost = board.sent.load(ordering: .relaxed) - report.operations
        report.latency = result.latency
        return report
    }
}
