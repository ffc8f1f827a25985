import NIOCore
import RembusStore
import RembusSupport
import RembusTrust
import RembusWire

/// The state of one component apart from its connection: subscriptions, exposed topics, unacknowledged deliveries, ids
/// of accepted publications.
///
/// A named component's state outlives its connections (behaviour.md §4.2); an anonymous one's ends with its connection.
/// While a session is bound, only its event loop touches the state (except `session` and `principal`, which the routing
/// tables' lock guards). While none is bound, only the holder of that lock does. Hence unchecked.
final class ComponentState: @unchecked Sendable {
    /// The name, under which the state is kept; nil for an anonymous component.
    let name: String?
    /// The identity whose rights the component has: its name, or that of the user who owns several connections.
    let user: String?
    /// The identity that the rules check. Guarded by the routing tables' lock.
    var principal: Principal
    /// Identifies the component in stored records; 0 for anonymous ones.
    let number: UInt32
    let tenant: UInt32
    /// Guarded by the routing tables' lock.
    var session: Session?

    var subscriptions: [ExactText: Subscription] = [:]
    var exposed: Set<ExactText> = []
    @exclusivity(unchecked) var inFlight: DeliveryWindow
    @exclusivity(unchecked) var duplicates: DuplicateFilter

    // MARK: While nobody is connected, guarded by the routing tables' lock

    /// The owner to whom the state is charged; nil while nothing is charged.
    var owner: RegistrationLedger.Owner?
    /// The amount that the ledger has for the state.
    var charge = RegistrationLedger.Usage()
    /// Bytes that a gateway holds for the component besides its subscriptions.
    var gatewayBytes = 0
    /// The packed subscriptions of a component that is not connected.
    var packed: PackedComponent?
    /// The peer's address without the port; empty when it is not known.
    var host = ""
    /// When the last connection ended, in nanoseconds since the epoch; 0 while there is one.
    var awaySince: UInt64 = 0
    /// Whether the component is another broker, which has no interests of its own. Guarded as `principal`.
    var isBroker = false
    /// What other brokers were told that the component wants while it is away.
    var kept: [(interest: MeshInterest, messageFrom: Double)] = []
    /// Whether the component has come back under its name.
    var hasReturned = false

    private let partitionCount: Int
    /// The namespaces that subscriptions may have texts of.
    private let namespaces: SubscriptionNamespaces

    init(
        principal: Principal, name: String?, number: UInt32, tenant: UInt32, limits: BrokerLimits, partitionCount: Int,
        namespaces: SubscriptionNamespaces = .none
    ) {
        self.partitionCount = partitionCount
        self.namespaces = namespaces
        self.name = name
        user = principal.name
        self.principal = principal
        self.number = number
        self.tenant = tenant
        inFlight = DeliveryWindow(limit: limits.maxInFlight)
        duplicates = DuplicateFilter(limit: limits.maxDuplicateIDs)
    }

    /// Whether subscriptions or exposed topics have changed since they were last saved.
    var hasChanged = false

    /// Whether the state of a gateway's client is deleted when its connection ends.
    var isTransient = false

    /// Deletes subscriptions and unacknowledged deliveries of a gateway's client.
    func forgetClient() {
        subscriptions = subscriptions.filter { $0.value.namespace == nil }
        inFlight.removeAll { $0.subscription.namespace != nil }
        duplicates.removeAll()
    }

    /// The record that is saved; nil for an anonymous component. Of unacknowledged deliveries it has the receive times
    /// only, because the store has the publications.
    func record(isConnected: Bool) -> ComponentRecord? {
        guard let name else { return nil }
        var owed: [ObjectIdentifier: [UInt64]] = [:]
        inFlight.forEach { delivery in
            owed[ObjectIdentifier(delivery.subscription), default: []].append(delivery.receivedAt)
        }
        let kept = self.subscriptions.values.lazy.filter { !self.isTransient || $0.namespace == nil }
        let subscriptions = kept.map { subscription in
            ComponentRecord.Subscription(
                topic: subscription.topic, messageFrom: subscription.messageFrom, marks: subscription.marks,
                owed: (Array(subscription.owed) + owed[ObjectIdentifier(subscription), default: []]).sorted())
        }
        var record = ComponentRecord(
            name: name, subscriptions: subscriptions.sorted { $0.topic < $1.topic },
            exposed: exposed.map(\.string).sorted(), host: host, isConnected: isConnected)
        record.lastSeen = (awaySince > 0 ? awaySince : WallClock.nanoseconds()) / 1_000_000_000
        if case .user(let user) = owner {
            record.isProven = true
            record.user = user == ExactText(name) ? nil : user.string
        }
        record.hasReturned = hasReturned
        return record
    }

    /// Restores a saved record. Only before a session knows the state.
    func restore(_ component: PackedComponent) {
        for topic in component.head.exposed { exposed.insert(ExactText(topic)) }
        host = component.head.host
        hasReturned = component.head.hasReturned
        if component.hasSubscriptions { packed = component }
    }

    func restoreSubscriptions(_ record: ComponentRecord) {
        for saved in record.subscriptions {
            var marks = saved.marks
            // The component has not got anything from a partition that did not exist then.
            while marks.count < partitionCount { marks.append(0) }
            let subscription = Subscription(
                topic: saved.topic, messageFrom: saved.messageFrom, marks: marks, in: namespaces.owner(of: saved.topic))
            subscription.owed = Set(saved.owed)
            subscriptions[ExactText(saved.topic)] = subscription
        }
    }

    /// Takes over the state of another one with the same name, while no session knows either.
    func takeOver(_ other: ComponentState) {
        (subscriptions, inFlight) = (other.subscriptions, other.inFlight)
        (duplicates, exposed, gatewayBytes) = (other.duplicates, other.exposed, other.gatewayBytes)
        (kept, other.kept) = (other.kept, [])
    }

    /// The name for lists that people read.
    var label: String { name ?? "(anonymous)" }

    /// Whether the state of a disconnected component has nothing worth keeping.
    var isForgettable: Bool {
        subscriptions.isEmpty && packed == nil && exposed.isEmpty && inFlight.count == 0 && duplicates.isEmpty
            && gatewayBytes == 0
    }
}
