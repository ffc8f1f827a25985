import Histogram
import NIOCore
import RembusTransport
import RembusWire
import Synchronization

/// What the subscribers of a run share; they live on one event loop.
final class SubscriberGroup {
    var members: [BenchSubscriber] = []
    /// Nanoseconds from sending to delivery, of the messages that carry a time.
    var latency = BenchHistogram()
    /// Called when the slowest subscriber has moved on while the publisher waits for it.
    var onProgress: (() -> Void)?

    func report(to counters: BenchCounters, at time: UInt64) {
        var (total, slowest) = (0, Int.max)
        for member in members {
            total += member.check.received
            slowest = min(slowest, member.check.received)
        }
        counters.delivered.store(total, ordering: .relaxed)
        counters.lastArrival.store(time, ordering: .relaxed)
        // In this order with the publisher's test of the two, one of both sees the other's change.
        counters.slowest.store(slowest, ordering: .sequentiallyConsistent)
        if counters.isWaiting.load(ordering: .sequentiallyConsistent) { onProgress?() }
    }
}

/// A subscriber: checks sequence numbers, measures latency, acknowledges.
final class BenchSubscriber: BenchPeer {
    private let shape: FrameShape
    private let shared: SubscriberGroup
    private(set) var check = SequenceCheck()
    private var hasNews = false
    private var now: UInt64 = 0

    init(group: LinkGroup, counters: BenchCounters, shape: FrameShape, shared: SubscriberGroup) {
        self.shape = shape
        self.shared = shared
        super.init(group: group, counters: counters)
    }

    func subscribe(to topic: String) -> EventLoopFuture<Void> {
        let subscribed = admin(topic, .subscribe(messageFrom: 0))
        let reactive = admin("__config__", .reactive(true, messageFrom: nil))
        return subscribed.and(reactive).map { _ in }
    }

    override func receive(_ bytes: UnsafeRawBufferPointer) {
        guard shape.matches(bytes), let base = bytes.baseAddress else { return super.receive(bytes) }
        if shape.idOffset > 0 {
            let id = base.loadUnaligned(fromByteOffset: shape.idOffset, as: UInt64.self)
            acknowledge(.ack, UInt64(littleEndian: id))
        }
        take(base + shape.payloadOffset)
    }

    /// Messages that another broker encodes in its own way.
    override func receive(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) {
        guard header.kind == .publish else { return super.receive(header, bytes) }
        if header.flags.qos != .atMostOnce, let id = header.id(in: bytes) { send(.ack(id)) }
        guard let payload = header.payload(in: bytes), payload.count >= Payload.headBytes,
            let base = payload.baseAddress
        else { return }
        take(base)
    }

    @inline(__always)
    private func take(_ payload: UnsafeRawPointer) {
        if !hasNews {
            // One look at the clock per read burst: messages of one burst arrive at one time.
            hasNews = true
            now = BenchClock.now()
        }
        check.see(UInt64(littleEndian: payload.loadUnaligned(as: UInt64.self)))
        let sentAt = UInt64(littleEndian: payload.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        if sentAt != 0 { shared.latency.record(now &- min(sentAt, now)) }
    }

    override func readCompleted() {
        guard hasNews else { return }
        hasNews = false
        shared.report(to: counters, at: now)
    }
}
