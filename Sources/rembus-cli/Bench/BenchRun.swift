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
            let patience = plan.patience + (plan.rate.map { 2 / $0 } ?? 0)
            if BenchClock.seconds(from: lastChange, to: now) > patience { break }
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
