import Histogram
import NIOCore
import RembusTransport
import RembusWire
import Synchronization

/// The state that all subscribers of a run share. They live on one event loop.
final class SubscriberGroup {
    var members: [BenchSubscriber] = []
    /// The time from sending to delivery, in nanoseconds, of messages that carry a time.
    var latency = BenchHistogram()
    /// Called when the slowest subscriber has advanced while the publisher waits for it.
    var onProgress: (() -> Void)?

    func report(to counters: BenchCounters, at time: UInt64) {
        var (total, slowest) = (0, Int.max)
        for member in members {
            total += member.check.received
            slowest = min(slowest, member.check.received)
        }
        counters.delivered.store(total, ordering: .relaxed)
        counters.lastArrival.store(time, ordering: .relaxed)
        // The publisher reads both in the opposite order, so one of the two sees the other's change.
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

    /// Handles messages that another broker has encoded differently.
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
            // The clock is read once for each read, because messages of one read arrive together.
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
