#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import RembusTrust
import RembusWire

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

/// Everything that a topic leads to, resolved once for one lane and used until the routing tables change.
final class Route {
    let topic: String
    let hash: UInt64
    let utf8: [UInt8]
    /// The tables' generation that the route was made from.
    let generation: UInt64
    /// Why nothing can be published to the topic; nil when it can.
    let objection: TopicObjection?
    /// Whether publications under the topic go to the disk.
    let isRecorded: Bool
    /// The number of the table that they fill; nil for none.
    let table: Int?
    /// Subscriptions of sessions on the lane that resolved the route.
    private let local: [SubscriptionTarget]
    private let lane: Int
    /// Subscriptions of sessions on other lanes, by the lane's index.
    private let remote: [Int: [SubscriptionTarget]]
    /// Subscriptions that several components share.
    private let groups: [SharedGroup]
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

    init(
        topic: String, hash: UInt64, generation: UInt64, lane: Int, isRecorded: Bool, entries: [SubscriptionEntry],
        providers: [Provider], rotation: RoundRobinRotation?, handler: LocalHandler?, rules: AccessRules?,
        maxSegments: Int, table: Int? = nil
    ) {
        var entries = entries
        groups = SharedGroup.groups(in: &entries)
        let byLane = Dictionary(grouping: entries) { $0.session.lane.index }.mapValues {
            $0.map(SubscriptionTarget.init)
        }
        self.entries = entries
        self.topic = topic
        self.hash = hash
        let utf8 = Array(topic.utf8)
        self.utf8 = utf8
        self.generation = generation
        self.objection = utf8.withUnsafeBytes { TopicObjection($0, maxSegments: maxSegments) }
        self.isRecorded = isRecorded
        self.table = table
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

    /// How much memory the route takes, in what it leads to.
    var targetCount: Int { entries.count + providers.count + groups.reduce(0) { $0 + $1.members.count } }

    /// Delivers to the subscriptions on the lane that resolved the route.
    @inline(__always)
    func deliver(_ publication: inout Publication) {
        local.withUnsafeBufferPointer { targets in
            for index in targets.indices { targets[index].deliver(&publication) }
        }
        if !groups.isEmpty { deliverToGroups(&publication, onLane: lane) }
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
