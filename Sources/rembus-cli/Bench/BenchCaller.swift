import NIOCore
import RembusTransport
import RembusWire
import Synchronization

/// Exposes the method of a run, and answers each call with its argument.
final class BenchProvider: BenchPeer {
    override func receive(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) {
        guard header.kind == .request, let id = header.id(in: bytes) else { return super.receive(header, bytes) }
        // The argument is one item: everything behind the head of the argument array.
        let start = header.payloadOffset + header.argumentHeadLength
        let argument = UnsafeRawBufferPointer(rebasing: bytes[start..<header.end])
        link?.sendBinary(length: 3 + FrameWriter.idLength(id) + argument.count) { target in
            var writer = FrameWriter(target)
            writer.byte(0x84)
            writer.byte(FrameHeader.Kind.response.rawValue)
            writer.id(id)
            writer.byte(0)
            writer.copy(argument)
        }
    }
}

/// Calls the method of a run, with a fixed number of open calls.
final class BenchCaller: BenchPeer {
    private let plan: BenchPlan
    private let shape: FrameShape
    private var sent = 0
    private var answered = 0
    private(set) var errors = 0
    private var sentAt: [UInt64]
    private(set) var latency = BenchHistogram()
    private(set) var start: UInt64 = 0
    private var isFinished = false
    private var now: UInt64 = 0
    private var hasNews = false

    init(group: LinkGroup, counters: BenchCounters, plan: BenchPlan, shape: FrameShape) {
        self.plan = plan
        self.shape = shape
        sentAt = [UInt64](repeating: 0, count: plan.inFlight.nextPowerOfTwo)
        super.init(group: group, counters: counters)
    }

    func begin() {
        start = BenchClock.now()
        refill(start)
    }

    private func refill(_ now: UInt64) {
        let isOver = plan.count.map { sent >= $0 } ?? (BenchClock.seconds(from: start, to: now) >= plan.seconds)
        while !isOver, sent - answered < plan.inFlight, plan.count.map({ sent < $0 }) ?? true {
            let number = UInt64(sent)
            sentAt[sent & (sentAt.count - 1)] = BenchClock.now()
            link?.sendBinary(length: shape.bytes.count) { target in
                shape.write(to: target, id: Payload.idBase | number, number: number, time: 0)
            }
            sent += 1
        }
        group.flush()
        counters.sent.store(sent, ordering: .relaxed)
        if isOver, !isFinished {
            isFinished = true
            counters.isFinished.store(true, ordering: .sequentiallyConsistent)
        }
    }

    override func receive(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) {
        guard header.kind == .response, let id = header.id(in: bytes)?.littleEndianValue, id & Payload.idBase != 0
        else {
            return super.receive(header, bytes)
        }
        if !hasNews {
            hasNews = true
            now = BenchClock.now()
        }
        let number = Int(truncatingIfNeeded: id ^ Payload.idBase)
        let isRight =
            header.status == 0
            && header.payload(in: bytes).map { echo in
                echo.count == plan.size
                    && UInt64(littleEndian: echo.loadUnaligned(as: UInt64.self)) == UInt64(truncatingIfNeeded: number)
            } ?? false
        if !isRight { errors += 1 }
        latency.record(now &- min(sentAt[number & (sentAt.count - 1)], now))
        answered += 1
    }

    override func readCompleted() {
        guard hasNews else { return }
        hasNews = false
        counters.completed.store(answered, ordering: .relaxed)
        counters.lastArrival.store(now, ordering: .relaxed)
        refill(now)
    }
}
