import NIOCore
import RembusTransport
import RembusWire
import Synchronization

/// The publisher of a run. It publishes as fast as connection, acknowledgements and the slowest subscriber allow, or at
/// a fixed rate.
final class BenchPublisher: BenchPeer {
    private let plan: BenchPlan
    private let shape: FrameShape
    private let isWindowed: Bool
    private var sent = 0
    private var acknowledged = 0
    /// When each publication was sent, at the index of its id modulo the size.
    private var sentAt: [UInt64]
    private(set) var latency = BenchHistogram()
    private(set) var start: UInt64 = 0
    private(set) var end: UInt64 = 0
    private var isDone = false
    private var isScheduled = false

    /// Bytes that are sent before the next read.
    private static let batchBytes = 64 << 10
    /// At full speed one message in this many carries a time, because reading the clock takes time.
    private static let sampleInterval = 64

    init(group: LinkGroup, counters: BenchCounters, plan: BenchPlan, shape: FrameShape) {
        self.plan = plan
        self.shape = shape
        isWindowed = plan.window > 0 && plan.subscribers > 0
        sentAt = [UInt64](repeating: 0, count: plan.mode.qos > 0 ? plan.inFlight.nextPowerOfTwo : 1)
        super.init(group: group, counters: counters)
    }

    func begin() {
        start = BenchClock.now()
        proceed()
    }

    /// Continues to send. Called when something that it waited for may have happened.
    func proceed() {
        guard start > 0, !isDone else { return }
        if plan.rate == nil { pump() } else { sendDue() }
    }

    override func drained() { proceed() }

    // MARK: As fast as it goes

    private func pump() {
        var budget = max(1, Self.batchBytes / shape.bytes.count)
        let now = BenchClock.now()
        guard !isOver(now) else { return finish() }
        while budget > 0, mayContinue {
            guard maySend else {
                publishProgress()
                return
            }
            let isTimed = plan.mode.qos > 0 || sent % Self.sampleInterval == 0
            sendOne(at: isTimed ? BenchClock.now() : 0)
            budget -= 1
        }
        publishProgress()
        again()
    }

    private var mayContinue: Bool { plan.count.map { sent < $0 } ?? true }

    /// Whether another message may be sent. If not, whatever prevents it calls `proceed` later.
    private var maySend: Bool {
        if link?.isCongested ?? true { return false }
        if plan.mode.qos > 0, sent - acknowledged >= plan.inFlight { return false }
        guard isWindowed, sent - counters.slowest.load(ordering: .relaxed) >= plan.window else { return true }
        counters.isWaiting.store(true, ordering: .sequentiallyConsistent)
        // If a subscriber has advanced before it saw the flag, this sees it.
        let isFree = sent - counters.slowest.load(ordering: .sequentiallyConsistent) < plan.window
        if isFree { counters.isWaiting.store(false, ordering: .sequentiallyConsistent) }
        return isFree
    }

    private func again() {
        guard !isScheduled else { return }
        isScheduled = true
        group.eventLoop.assumeIsolated().execute { [self] in
            isScheduled = false
            proceed()
        }
    }

    // MARK: At a fixed rate

    private func sendDue() {
        guard let rate = plan.rate, !isScheduled else { return }
        let now = BenchClock.now()
        guard !isOver(now) else { return finish() }
        let due = Int(Double(now - start) * rate / 1e9) + 1
        while sent < due, mayContinue, maySend {
            // The latency of a message that is sent late counts from when it was due.
            let intended = start + UInt64(Double(sent) * 1e9 / rate)
            sendOne(at: now > intended + 1_000_000 ? intended : BenchClock.now())
        }
        publishProgress()
        guard mayContinue else { return finish() }
        isScheduled = true
        let next = start + UInt64(Double(sent) * 1e9 / rate)
        let wait = next > now ? Int64(next - now) : 1_000_000
        group.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(wait)) { [self] in
            isScheduled = false
            proceed()
        }
    }

    // MARK: Both

    private func isOver(_ now: UInt64) -> Bool {
        guard let count = plan.count else { return BenchClock.seconds(from: start, to: now) >= plan.seconds }
        return sent >= count
    }

    @inline(__always)
    private func sendOne(at time: UInt64) {
        let number = UInt64(sent)
        if plan.mode.qos > 0 { sentAt[sent & (sentAt.count - 1)] = time }
        link?.sendBinary(length: shape.bytes.count) { target in
            shape.write(to: target, id: Payload.idBase | number, number: number, time: plan.mode.qos > 0 ? 0 : time)
        }
        sent += 1
    }

    private func publishProgress() {
        group.flush()
        counters.sent.store(sent, ordering: .relaxed)
    }

    private func finish() {
        isDone = true
        end = BenchClock.now()
        publishProgress()
        counters.isFinished.store(true, ordering: .sequentiallyConsistent)
    }

    // MARK: Acknowledgements

    override func receive(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) {
        guard header.kind == .ack, let id = header.id(in: bytes)?.littleEndianValue else {
            return super.receive(header, bytes)
        }
        let now = BenchClock.now()
        let time = sentAt[Int(truncatingIfNeeded: id) & (sentAt.count - 1)]
        latency.record(now &- min(time, now))
        acknowledged += 1
        if plan.mode == .qos2 { acknowledge(.ack2, id) }
    }

    override func readCompleted() {
        guard plan.mode.qos > 0 else { return }
        counters.completed.store(acknowledged, ordering: .relaxed)
        proceed()
    }
}

extension Int {
    /// The smallest power of two that is not smaller, for values up to 2⁶².
    var nextPowerOfTwo: Int {
        self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}
