import NIOCore
import RembusStore
import RembusSupport
import RembusTrust
import RembusWire

/// What the broker knows of one component beyond its connection: subscriptions, exposed topics, unacknowledged
/// deliveries, duplicates seen.
///
/// A named component's state outlives its connections (behaviour.md §4.2); an anonymous one's ends with its connection.
/// While a session is bound, only its event loop touches the state (except `session` and `principal`, which the routing
/// tables' lock guards); while none is, only the holder of that lock does. Hence unchecked.
final class ComponentState: @unchecked Sendable {
    /// Under which the component is known and its state is kept; nil for an anonymous component.
    let name: String?
    /// Whose rights the component has: its name, or that of the user who owns several connections.
    let user: String?
    /// Who the component is for the rules. Guarded by the routing tables' lock.
    var principal: Principal
    /// Tells components apart in stored records; 0 for anonymous ones.
    let number: UInt32
    let tenant: UInt32
    /// Guarded by the routing tables' lock.
    var session: Session?

    var subscriptions: [ExactText: Subscription] = [:]
    var exposed: Set<ExactText> = []
    @exclusivity(unchecked) var inFlight: DeliveryWindow
    @exclusivity(unchecked) var duplicates: DuplicateFilter

    // MARK: While nobody is connected, guarded by the routing tables' lock

    /// Who answers for what is held for the component; nil until something is.
    var owner: RegistrationLedger.Owner?
    /// What the ledger has for the component.
    var charge = RegistrationLedger.Usage()
    /// What a gateway holds for the component besides its subscriptions.
    var gatewayBytes = 0
    /// The subscriptions of a component that is away.
    var packed: PackedComponent?
    /// The peer's address without the port; empty when it is not known.
    var host = ""
    /// When the last connection ended, nanoseconds since the epoch; 0 while one is there.
    var awaySince: UInt64 = 0
    /// Whether the component is another broker, which has no interests of its own. Guarded as `principal`.
    var isBroker = false
    /// What other brokers were told that the component wants while it is away.
    var kept: [(interest: MeshInterest, messageFrom: Double)] = []
    /// Whether the component has come back under its name.
    var hasReturned = false

    private let partitionCount: Int
    /// Whose texts there are among those of subscriptions.
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

    /// Whether subscriptions or exposed topics have changed since they were last written down.
    var hasChanged = false

    /// Whether what a client of a gateway leaves ends with its connection.
    var isTransient = false

    /// Drops what belongs to a client of a gateway: subscriptions and unacknowledged deliveries.
    func forgetClient() {
        subscriptions = subscriptions.filter { $0.value.namespace == nil }
        inFlight.removeAll { $0.subscription.namespace != nil }
        duplicates.removeAll()
    }

    /// What is to be written down. Of publications that were sent and not acknowledged only the receive times: the store
    /// has the rest.
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

    /// Takes over what was written down. Only before any session knows the state.
    func restore(_ component: PackedComponent) {
        for topic in component.head.exposed { exposed.insert(ExactText(topic)) }
        host = component.head.host
        hasReturned = component.head.hasReturned
        if component.hasSubscriptions { packed = component }
    }

    func restoreSubscriptions(_ record: ComponentRecord) {
        for saved in record.subscriptions {
            var marks = saved.marks
            // A partition that was not there has nothing that this component has seen.
            while marks.count < partitionCount { marks.append(0) }
            let subscription = Subscription(
                topic: saved.topic, messageFrom: saved.messageFrom, marks: marks, in: namespaces.owner(of: saved.topic))
            subscription.owed = Set(saved.owed)
            subscriptions[ExactText(saved.topic)] = subscription
        }
    }

    /// Takes what another state of the same name has, while no session knows either.
    func takeOver(_ other: ComponentState) {
        (subscriptions, inFlight) = (other.subscriptions, other.inFlight)
        (duplicates, exposed, gatewayBytes) = (other.duplicates, other.exposed, other.gatewayBytes)
        (kept, other.kept) = (other.kept, [])
    }

    /// For lists that people read.
    var label: String { name ?? "(anonymous)" }

    /// Nothing is lost when a disconnected component without any of these is forgotten.
    var isForgettable: Bool {
        subscriptions.isEmpty && packed == nil && exposed.isEmpty && inFlight.count == 0 && duplicates.isEmpty
            && gatewayBytes == 0
    }
}
