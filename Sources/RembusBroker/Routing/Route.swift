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
    /// The session's component at the time of subscribing: readable anywhere, unlike the session's own.
    let state: ComponentState
    let subscription: Subscription

    var tenant: UInt32 { state.tenant }
}

/// The same as the data plane uses it: without counting references for each delivery. The route that a target comes from
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

/// One provider of a method; `session` is nil while it is offline.
struct Provider {
    let state: ComponentState
    let session: Session?
}

/// Everything that a topic leads to, resolved once for one lane and used until something of it changes.
final class Route {
    let topic: String
    let hash: UInt64
    let utf8: [UInt8]
    /// Why nothing can be published to the topic; nil when it can.
    let objection: TopicObjection?
    /// Whether publications under the topic go to the disk.
    let isRecorded: Bool
    /// The number of the table that they fill; nil for none.
    let table: Int?
    /// Whether each publication becomes the last value of the topic.
    let keepsLast: Bool
    /// The place of the last value of a tenant, when the lane has looked it up. Used on the lane only.
    @exclusivity(unchecked) var lastValue: (slot: LastValues.Slot, tenant: UInt32)?
    /// Subscriptions of sessions on the lane that resolved the route.
    private let local: [SubscriptionTarget]
    let lane: Int
    /// Subscriptions of sessions on other lanes, by the lane's index.
    private let remote: [Int: [SubscriptionTarget]]
    /// Subscriptions that several components share.
    private let groups: [SharedGroup]
    /// Where publications go that is no session.
    let destinations: [Destination]
    /// Whether there are only sessions that have each a subscription of their own.
    private let isPlain: Bool
    /// What the targets point to.
    private let entries: [SubscriptionEntry]
    /// The providers in order of registration.
    let providers: [Provider]
    let rotation: RoundRobinRotation?
    let handler: LocalHandler?
    /// Where the lane counts accepted publications under the topic; nil before the first one. Lives as long as the lane.
    @exclusivity(unchecked) var published: UnsafeMutablePointer<UInt64>?
    /// The rules by which senders are checked; nil when everybody may use the topic.
    let rules: AccessRules?
    /// Set from any lane, once and for ever.
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

    /// Whether something of the route has changed since it was resolved. Looked at before each use: who has been answered
    /// that a change is done meets it everywhere.
    @inline(__always)
    var isStale: Bool { stale.load(ordering: .acquiring) }

    /// Makes the route stale: it is resolved again when it is needed. Only ``LiveRoutes`` does that.
    func expire() {
        stale.store(true, ordering: .releasing)
    }

    /// How much memory the route takes, in what it leads to.
    var targetCount: Int {
        entries.count + providers.count + destinations.count + groups.reduce(0) { $0 + $1.members.count }
    }

    /// Every subscription that the topic leads to, the shared ones included.
    var subscribers: [SubscriptionEntry] { entries + groups.flatMap(\.members) }

    /// Delivers to the subscriptions on the lane that resolved the route, where the publisher is, and to what is no session.
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

    /// Delivers to the subscriptions on another lane; called there.
    func deliver(_ publication: inout Publication, onLane lane: Int) {
        for target in remote[lane] ?? [] { target.deliver(&publication) }
        if !groups.isEmpty { deliverToGroups(&publication, onLane: lane) }
    }

    /// The other lanes with subscriptions.
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
