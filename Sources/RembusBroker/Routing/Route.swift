#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import RembusWire

/// One subscription as routing sees it.
struct SubscriptionTarget {
    let session: Session
    let subscription: Subscription
    let tenant: UInt32
}

/// One provider of a method; `session` is nil while it is offline.
struct Provider {
    let state: ComponentState
    let session: Session?
}

/// Everything that a topic leads to, resolved once for one lane and used until the routing tables change.
final class Route {
    let topic: String
    let hash: UInt64
    let utf8: [UInt8]
    /// The tables' generation that the route was made from.
    let generation: UInt64
    /// True when the topic contains a `*` and so cannot be published to (known-defects.md R31).
    let isPattern: Bool
    /// Subscriptions of sessions on this lane.
    let local: ContiguousArray<SubscriptionTarget>
    /// Subscriptions of sessions on other lanes, by the lane's index.
    let remote: [(lane: Int, targets: ContiguousArray<SubscriptionTarget>)]
    /// The providers in order of registration.
    let providers: [Provider]
    let rotation: RoundRobinRotation?
    let handler: LocalHandler?

    init(
        topic: String, hash: UInt64, generation: UInt64, local: ContiguousArray<SubscriptionTarget>,
        remote: [(lane: Int, targets: ContiguousArray<SubscriptionTarget>)], providers: [Provider],
        rotation: RoundRobinRotation?, handler: LocalHandler?
    ) {
        self.topic = topic
        self.hash = hash
        self.utf8 = Array(topic.utf8)
        self.generation = generation
        self.isPattern = TopicPattern.isPattern(topic)
        self.local = local
        self.remote = remote
        self.providers = providers
        self.rotation = rotation
        self.handler = handler
    }

    @inline(__always)
    func isFor(_ bytes: UnsafeRawBufferPointer) -> Bool {
        utf8.withUnsafeBytes { own in
            guard own.count == bytes.count else { return false }
            guard let left = own.baseAddress, let right = bytes.baseAddress else { return true }
            return memcmp(left, right, own.count) == 0
        }
    }
}
