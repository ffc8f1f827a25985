import RembusWire

/// What the broker knows of one component beyond its connection: subscriptions, exposed topics, unacknowledged
/// deliveries, duplicates seen.
///
/// A named component's state outlives its connections (behaviour.md §4.2); an anonymous one's ends with its connection.
/// While a session is bound, only its event loop touches the state (except `session`, which the routing tables' lock
/// guards); while none is, only the holder of that lock does. Hence unchecked.
final class ComponentState: @unchecked Sendable {
    /// nil for an anonymous component.
    let name: String?
    /// Tells components apart in stored records; 0 for anonymous ones.
    let number: UInt32
    let tenant: UInt32
    /// Guarded by the routing tables' lock.
    var session: Session?

    var subscriptions: [ExactText: Subscription] = [:]
    var exposed: Set<ExactText> = []
    @exclusivity(unchecked) var inFlight: CorrelationTable<PendingDelivery>
    @exclusivity(unchecked) var duplicates: DuplicateFilter
    @exclusivity(unchecked) var deliveryOrder: UInt64 = 0

    init(name: String?, number: UInt32, tenant: UInt32, limits: BrokerLimits) {
        self.name = name
        self.number = number
        self.tenant = tenant
        inFlight = CorrelationTable(limit: limits.maxInFlight)
        duplicates = DuplicateFilter(limit: limits.maxDuplicateIDs)
    }

    /// Nothing is lost when a disconnected component without any of these is forgotten.
    var isForgettable: Bool {
        subscriptions.isEmpty && exposed.isEmpty && inFlight.count == 0 && duplicates.isEmpty
    }
}
