import NIOCore
import NIOPosix
import Rembus
import Synchronization

/// One run of the load generator against a broker.
struct BenchRun {
    let plan: BenchPlan
    let counters = BenchCounters()
    /// The event loops of the sender and of the receivers.
    let sending: BenchLoop
    let receiving: BenchLoop

    private init(_ plan: BenchPlan, _ threads: MultiThreadedEventLoopGroup) {
        self.plan = plan
        sending = BenchLoop(threads.next())
        receiving = BenchLoop(threads.next())
    }

    static func run(_ plan: BenchPlan) async throws -> BenchReport {
        let threads = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let run = BenchRun(plan, threads)
        do {
            let report =
                switch plan.mode {
                case .rpc: try await run.calls()
                case .idle: try await run.idle()
                case .pub, .fanout, .qos1, .qos2: try await run.publications()
                }
            try? await threads.shutdownGracefully()
            return report
        } catch {
            try? await threads.shutdownGracefully()
            throw error
        }
    }

    /// Waits until the run is finished, shows its progress, and gives up when there is none for too long.
    func follow(_ watch: BrokerWatch?, until isDone: () -> Bool) async throws {
        let progress = BenchProgress(isShown: Terminal.isError)
        var (lastState, lastChange) = (-1, BenchClock.now())
        while true {
            try await Task.sleep(for: .milliseconds(20))
            watch?.sample()
            try counters.checkFailure()
            if counters.isFinished.load(ordering: .sequentiallyConsistent), isDone() { break }
            let (sent, completed) = (
                counters.sent.load(ordering: .relaxed), counters.completed.load(ordering: .relaxed)
            )
            let delivered = counters.delivered.load(ordering: .relaxed)
            let (state, now) = (sent &+ completed &+ delivered, BenchClock.now())
            if state != lastState { (lastState, lastChange) = (state, now) }
            // At a low fixed rate a pause between two messages is normal.
            let limit = plan.stallTimeout + (plan.rate.map { 2 / $0 } ?? 0)
            if BenchClock.seconds(from: lastChange, to: now) > limit { break }
            progress.show(sent: plan.mode == .rpc ? completed : sent, delivered: delivered)
        }
        progress.clear()
    }
}

/// A line on the terminal that shows the progress of the run.
final class BenchProgress {
    private let isShown: Bool
    private let start = BenchClock.now()
    private var lastTime = BenchClock.now()
    private var last = 0

    init(isShown: Bool) {
        self.isShown = isShown
    }

    /// Updates the line. Called once a second.
    func show(sent: Int, delivered: Int) {
        let now = BenchClock.now()
        let elapsed = BenchClock.seconds(from: lastTime, to: now)
        guard isShown, elapsed >= 1 else { return }
        let rate = BenchReport.grouped(Double(sent - last) / elapsed)
        (lastTime, last) = (now, sent)
        let seconds = Int(BenchClock.seconds(from: start, to: now))
        _ = StandardError.write(Array("\r\u{1B}[K\(seconds) s  \(rate)/s".utf8), to: 2)
    }

    func clear() {
        if isShown { _ = StandardError.write(Array("\r\u{1B}[K".utf8), to: 2) }
    }
}

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
