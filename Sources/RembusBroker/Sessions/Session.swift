import Logging
import NIOCore
import RembusListening
import RembusStore
import RembusTransport
import RembusWire
import Synchronization

/// The broker's end of one connection: takes its messages, keeps its state, sends what others have for it.
///
/// Touched on its lane's event loop only, except for the constants and `callLoad`; other lanes pass references to it
/// around and reach it through a `LaneBatch`. Hence unchecked.
final class Session: LinkDelegate, @unchecked Sendable {
    let lane: Lane
    let link: Link
    let core: BrokerCore
    let tables: RoutingTables
    let store: any Store
    let recordsPublications: Bool
    let isServer: Bool
    let maxTopicBytes: Int
    let maxBacklogBytes: Int

    /// Subscriptions and the like: private to this connection until a name brings the state of its component.
    @exclusivity(unchecked) var state: ComponentState {
        didSet { (number, tenant) = (state.number, state.tenant) }
    }
    /// The numbers of `state`, at hand for every publication.
    @exclusivity(unchecked) private(set) var number: UInt32 = 0
    @exclusivity(unchecked) private(set) var tenant: UInt32 = 0
    /// Whether the peer may do anything yet.
    @exclusivity(unchecked) var gate = Gate.open
    var login = LoginMachine()
    /// What waits for a decision about the login.
    var undecided = UndecidedLogin()
    /// Whether the name was proven with a key or a certificate, and not only claimed.
    @exclusivity(unchecked) var isProven = false
    /// The client certificate that the connection was opened with.
    let certificate: ClientCertificate?
    /// When the name was proven with something other than the certificate, milliseconds since 1970.
    var provenAt: Int64 = 0
    let transport: TransportKind
    /// What the gateway has said about its clients.
    let traits: SessionTraits
    /// What it has set for this connection.
    @exclusivity(unchecked) var gateway = GatewaySettings()
    /// Where the messages of this connection are counted.
    let traffic: TrafficCount
    var unanswered = UnansweredRefusals()
    /// Protocols and ports where the peer accepts connections itself (protocol.md §9.1); empty for plain components.
    var meta: [String: UInt64] = [:]
    /// The broker at the other end, when there is one.
    @exclusivity(unchecked) var brokerLink: BrokerLink?
    /// Delivery starts with `reactive` and is off again on each new connection (behaviour.md §4.2).
    @exclusivity(unchecked) var isReactive = false
    /// Whether its component is written down at the end of this unit of work.
    var isToBeSaved = false
    /// Where what this connection publishes comes from, when it leads to another broker; nil for a component.
    @exclusivity(unchecked) var origin: Origin?
    @exclusivity(unchecked) var form = PeerForm()

    @exclusivity(unchecked) var calls: CallTable
    /// How many requests are on their way to or with this component, for `less_busy`; read from any lane.
    let callLoad = Atomic<Int>(0)
    @exclusivity(unchecked) var isWatched = false
    @exclusivity(unchecked) var lastRoute = LastRoute()
    /// What the connection is still to get of what was published before.
    @exclusivity(unchecked) var past = SessionPast()
    var losses = SessionLosses()
    /// What its peer is told when it is on the disk.
    var held = HeldAnswers()
    var denials = DenialMemory()
    @exclusivity(unchecked) private(set) var isClosed = false
    /// Which connection it is, and since when, nanoseconds since the epoch: for readers of events and status.
    let serial: UInt64
    let openedAt: UInt64
    /// Why the broker is about to end the connection.
    var endCause: BrokerEvent.Ending.Cause?

    init(lane: Lane, link: Link, facts: ConnectionFacts, traits: SessionTraits = SessionTraits()) {
        self.lane = lane
        self.traits = traits
        self.link = link
        core = lane.core
        serial = core.events.nextConnection()
        openedAt = core.clock.wall()
        tables = core.tables
        store = core.store
        recordsPublications = core.recordsPublications
        isServer = core.isServer
        certificate = facts.certificate
        transport = facts.transport
        traffic = lane.metrics.traffic(of: facts.transport)
        maxTopicBytes = lane.settings.limits.maxTopicBytes
        maxBacklogBytes = lane.settings.limits.maxBacklogBytes
        state = tables.anonymousState(of: nil)
        calls = CallTable(limit: lane.settings.limits.maxPendingCalls)
        state = tables.anonymousState(of: self)
        (number, tenant) = (state.number, state.tenant)
        if core.isAuthenticated { gate = .locked }
    }

    var limits: BrokerLimits { lane.settings.limits }

    /// Whom the message that is being handled is from, for log and audit.
    var peerAddress: String { gateway.asker?() ?? link.remoteAddress }

    /// For the log: the name if there is one, and the address.
    var label: String { "\(state.name ?? state.user ?? "anonymous") (\(peerAddress))" }

    // MARK: End

    func linkClosed(_ link: Link, reason: LinkCloseReason) {
        guard !isClosed else { return }
        isClosed = true
        // The end is nobody's message.
        gateway.asker = nil
        report(.ended(reason))
        lane.remove(self)
        release()
        // No end of a read follows for this connection: what its last messages caused leaves now.
        lane.endBurst()
    }

    /// Gives the name and its state back and ends what depended on this connection.
    func release() {
        if let brokerLink { leaveMesh(brokerLink) }
        brokerLink = nil
        isReactive = false
        past.end()
        lastRoute.forget()
        gateway.deliverySink = nil
        gateway.answerSink = nil
        failCalls()
        calls.tables.cancelAll()
        dropWaitingCalls()
        answeredAll()
        let state = self.state
        // What an anonymous component does with the connection from here on must not reach the component's state.
        self.state = tables.anonymousState(of: nil)
        login = LoginMachine()
        undecided.completion = nil
        isProven = false
        save(state, isConnected: false)
        let orphans = traits.namespace != nil && state.isTransient ? state.orphans : []
        tables.release(state)
        for orphan in orphans { passOn(orphan) }
    }

    // MARK: Persistence

    /// Writes the component's subscriptions and marks down if they have changed.
    func save() {
        guard !isClosed, state.hasChanged || state.subscriptions.values.contains(where: \.hasMoved) else { return }
        save(state, isConnected: true)
    }

    /// The peer's address without the port.
    var host: String { PeerAddress.host(of: link.remoteAddress) }

    private func save(_ state: ComponentState, isConnected: Bool) {
        guard let keeper = core.storage.components, let record = state.record(isConnected: isConnected)
        else { return }
        state.hasChanged = false
        for subscription in state.subscriptions.values { subscription.hasMoved = false }
        keeper.save(record)
    }

    // MARK: Timer

    var hasDeadlines: Bool {
        !isClosed
            && (calls.forwardedCount > 0 || state.inFlight.count > 0 || calls.gate.isWaiting || losses.isKnownAsSlow)
    }

    func tick() {
        guard !isClosed else { return }
        expireCalls()
        if gateway.retransmits { retransmit() }
        continueCatchUp()
        startWaitingCalls()
        lookWhetherCaughtUp()
    }
}
