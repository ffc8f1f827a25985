#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import RembusTrust
import RembusWire
import Synchronization

/// One subscription of a connected component, as the routing tables keep it.
struct SubscriptionEntry {
    let session: Session
    /// The component of the session when it subscribed. It may be read on any thread, unlike the session's own
    /// property.
    let state: ComponentState
    let subscription: Subscription

    var tenant: UInt32 { state.tenant }
}

/// A subscription for the data plane, without reference counting for each delivery. The route that has the target keeps
/// the objects alive.
/// holds what it points to.
struct SubscriptionTarget {
    let session: Unmanaged<Session>
    let subscription: Unmanaged<Subscription>
    let tenant: UInt32

    init(_ entry: SubscriptionEntry) {
        session = .passUnretained(entry.session)
        subscription = .passUnretained(entry.subscription)
        tenant = entry.tenant
    }

    @inline(__always)
    func deliver(_ publication: inout Publication) {
        session._withUnsafeGuaranteedRef { session in
            subscription._withUnsafeGuaranteedRef { session.deliver(&publication, to: $0, tenant: tenant) }
        }
    }
}

/// One provider of a method; `session` is nil while the provider is offline.
struct Provider {
    let state: ComponentState
    let session: Session?
}

/// Everything that a topic leads to, resolved once for one lane and used until some of it changes.
final class Route {
    let topic: String
    let hash: UInt64
    let utf8: [UInt8]
    /// Why the topic cannot be published to; nil when it can.
    let objection: TopicObjection?
    /// Whether publications to the topic are recorded on the disk.
    let isRecorded: Bool
    /// The number of the table that they fill; nil for none.
    let table: Int?
    /// Whether each publication becomes the last value of the topic.
    let keepsLast: Bool
    /// The slot of the topic's last value for one tenant, once the lane has looked it up. Used on the lane only.
    @exclusivity(unchecked) var lastValue: (slot: LastValues.Slot, tenant: UInt32)?
    /// Subscriptions of sessions on the lane that resolved the route.
    private let local: [SubscriptionTarget]
    let lane: Int
    /// Subscriptions of sessions on other lanes, by the lane's index.
    private let remote: [Int: [SubscriptionTarget]]
    /// Subscriptions that several components share.
    private let groups: [SharedGroup]
    /// Receivers that are not sessions.
    let destinations: [Destination]
    /// Whether there are only subscriptions of sessions, and none of them is shared.
    private let isPlain: Bool
    /// Keeps the objects alive that the targets point to.
    private let entries: [SubscriptionEntry]
    /// The providers in order of registration.
    let providers: [Provider]
    let rotation: RoundRobinRotation?
    let handler: LocalHandler?
    /// The lane's counter of accepted publications to the topic; nil before the first one. Lives as long as the lane.
    @exclusivity(unchecked) var published: UnsafeMutablePointer<UInt64>?
    /// The rules that publishers are checked by; nil when everybody may use the topic.
    let rules: AccessRules?
    /// Set from any lane, once.
    private let stale = Atomic<Bool>(false)

    init(
        topic: String, hash: UInt64, lane: Int, isRecorded: Bool, entries: [SubscriptionEntry],
        providers: [Provider], rotation: RoundRobinRotation?, handler: LocalHandler?, destinations: [Destination],
        rules: AccessRules?, objection: TopicObjection?, table: Int?, keepsLast: Bool
    ) {
        var entries = entries
        groups = SharedGroup.groups(in: &entries)
        self.destinations = destinations
        isPlain = groups.isEmpty && destinations.isEmpty
        let byLane = Dictionary(grouping: entries) { $0.session.lane.index }.mapValues {
            $0.map(SubscriptionTarget.init)
        }
        self.entries = entries
        self.topic = topic
        self.hash = hash
        self.utf8 = Array(topic.utf8)
        self.objection = objection
        self.isRecorded = isRecorded
        self.table = table
        self.keepsLast = keepsLast
        self.local = byLane[lane] ?? []
        var remote = byLane.filter { $0.key != lane }
        for other in groups.flatMap(\.memberLanes) where other != lane && remote[other] == nil { remote[other] = [] }
        self.remote = remote
        self.lane = lane
        self.providers = providers
        self.rotation = rotation
        self.handler = handler
        self.rules = rules
    }

    /// Whether some of the route has changed since it was resolved. Checked before each use, so that a change takes
    /// effect everywhere as soon as its request is answered.
    @inline(__always)
    var isStale: Bool { stale.load(ordering: .acquiring) }

    /// Makes the route stale, so that it is resolved again when it is needed. Called by ``LiveRoutes`` only.
    func expire() {
        stale.store(true, ordering: .releasing)
    }

    /// The size of the route: the number of its targets.
    var targetCount: Int {
        entries.count + providers.count + destinations.count + groups.reduce(0) { $0 + $1.members.count }
    }

    /// All subscriptions that the topic leads to, including shared ones.
    var subscribers: [SubscriptionEntry] { entries + groups.flatMap(\.members) }

    /// Delivers to subscriptions on the lane that resolved the route, which is the publisher's, and to destinations.
    @inline(__always)
    func deliver(_ publication: inout Publication) {
        local.withUnsafeBufferPointer { targets in
            for index in targets.indices { targets[index].deliver(&publication) }
        }
        if !isPlain { deliverToOthers(&publication) }
    }

    private func deliverToOthers(_ publication: inout Publication) {
        deliverToGroups(&publication, onLane: lane)
        for destination in destinations { destination.deliver(publication, topic: topic) }
    }

    private func deliverToGroups(_ publication: inout Publication, onLane lane: Int) {
        for group in groups { group.deliver(&publication, onLane: lane) }
    }

    /// The group that shares a subscription, if the topic leads to one.
    func group(_ text: String, tenant: UInt32) -> SharedGroup? {
        groups.first { ExactText($0.text) == ExactText(text) && $0.tenant == tenant }
    }

    /// Delivers to subscriptions on another lane. Called on that lane.
    func deliver(_ publication: inout Publication, onLane lane: Int) {
        for target in remote[lane] ?? [] { target.deliver(&publication) }
        if !groups.isEmpty { deliverToGroups(&publication, onLane: lane) }
    }

    /// The other lanes that have subscriptions.
    var remoteLanes: Dictionary<Int, [SubscriptionTarget]>.Keys { remote.keys }

    @inline(__always)
    func isFor(_ bytes: UnsafeRawBufferPointer) -> Bool {
        utf8.withUnsafeBytes { own in
            guard own.count == bytes.count else { return false }
            guard let left = own.baseAddress, let right = bytes.baseAddress else { return true }
            return memcmp(left, right, own.count) == 0
        }
    }
}
