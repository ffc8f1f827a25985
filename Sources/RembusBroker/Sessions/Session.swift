import Logging
import NIOCore
import RembusListening
import RembusStore
import RembusTransport
import RembusWire
import Synchronization

/// The broker's end of one connection: handles its messages, keeps its state, and sends it messages.
///
/// Used on its lane's event loop only, except for the constants and `callLoad`; other lanes pass references to it
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

    /// The state of the component. It is private to this connection until the connection has a name with a state.
    @exclusivity(unchecked) var state: ComponentState {
        didSet { (number, tenant) = (state.number, state.tenant) }
    }
    /// Values of `state` that every publication needs.
    @exclusivity(unchecked) private(set) var number: UInt32 = 0
    @exclusivity(unchecked) private(set) var tenant: UInt32 = 0
    /// Which messages the peer may send at the moment.
    @exclusivity(unchecked) var gate = Gate.open
    var login = LoginMachine()
    /// What waits for a decision about the login.
    var undecided = UndecidedLogin()
    /// Whether the name was proven with a key or a certificate, rather than only claimed.
    @exclusivity(unchecked) var isProven = false
    /// The client certificate that the connection was opened with.
    let certificate: ClientCertificate?
    /// When the name was proven otherwise than with the certificate, in milliseconds since 1970.
    var provenAt: Int64 = 0
    let transport: TransportKind
    /// The traits that the gateway has given for its clients.
    let traits: SessionTraits
    /// The settings that the gateway has made for this connection.
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
    /// Whether the component is saved at the end of this unit of work.
    var isToBeSaved = false
    /// The origin of what this connection publishes, if its peer is another broker; nil for a component.
    @exclusivity(unchecked) var origin: Origin?
    @exclusivity(unchecked) var form = PeerForm()

    @exclusivity(unchecked) var calls: CallTable
    /// The number of requests that this component is to answer, for `less_busy`. Read from any lane.
    let callLoad = Atomic<Int>(0)
    @exclusivity(unchecked) var isWatched = false
    @exclusivity(unchecked) var lastRoute = LastRoute()
    /// Earlier publications that the connection is still to get.
    @exclusivity(unchecked) var past = SessionPast()
    var losses = SessionLosses()
    /// Answers that wait for the disk.
    var held = HeldAnswers()
    var denials = DenialMemory()
    @exclusivity(unchecked) private(set) var isClosed = false
    /// The number and the start of the connection, in nanoseconds since the epoch, for events and status.
    let serial: UInt64
    let openedAt: UInt64
    /// Why the broker is about to end the connection; nil while it is not.
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

    /// The address of the sender of the message being handled, for log and audit log.
    var peerAddress: String { gateway.asker?() ?? link.remoteAddress }

    /// The name, if there is one, and the address, for the log.
    var label: String { "\(state.name ?? state.user ?? "anonymous") (\(peerAddress))" }

    // MARK: End

    func linkClosed(_ link: Link, reason: LinkCloseReason) {
        guard !isClosed else { return }
        isClosed = true
        // The end does not belong to a client's message.
        gateway.asker = nil
        report(.ended(reason))
        lane.remove(self)
        release()
        // There is no end of a read for this connection any more, so the results of its last messages are sent here.
        lane.endBurst()
    }

    /// Releases the name and its state, and ends what depended on this connection.
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
        // What this connection still does must not change the component's state.
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

    /// Saves the component if its subscriptions or marks have changed.
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
