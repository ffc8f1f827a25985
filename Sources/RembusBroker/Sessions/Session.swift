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
    /// Whom a gateway's login is to be answered.
    var loginCompletion: GatewaySession.LoginCompletion?
    /// Whether the name was proven with a key or a certificate, and not only claimed.
    @exclusivity(unchecked) var isProven = false
    /// The client certificate that the connection was opened with.
    let certificate: ClientCertificate?
    /// When the name was proven with something other than the certificate, milliseconds since 1970.
    var provenAt: Int64 = 0
    let transport: TransportKind
    /// What the gateway has said about its clients.
    let traits: SessionTraits
    /// Where the messages of this connection are counted.
    let traffic: TrafficCount
    /// Takes publications in another form than a Rembus frame; nil when the link carries them.
    @exclusivity(unchecked) var deliverySink: (any DeliverySink)?
    /// Whether bytes behind a publication belong to it and go where it goes, as far as its next reader knows them.
    @exclusivity(unchecked) var keepsTrailer = false
    /// Takes what this connection is answered, in the place of frames; nil when the link carries them.
    @exclusivity(unchecked) var answers: (any AnswerSink)?
    var unanswered = UnansweredRefusals()
    /// Whether unacknowledged deliveries are sent again in the same connection; some protocols forbid it.
    var retransmits = true
    /// Protocols and ports where the peer accepts connections itself (protocol.md §9.1); empty for plain components.
    var meta: [String: UInt64] = [:]
    /// Delivery starts with `reactive` and is off again on each new connection (behaviour.md §4.2).
    @exclusivity(unchecked) var isReactive = false
    /// Whether this connection has got what earlier ones of its name left unacknowledged.
    var hasResumed = false
    /// Whether its component is written down at the end of this unit of work.
    var isToBeSaved = false
    /// How far back the last `reactive` allows replay, nanoseconds (behaviour.md §11).
    var replayWindow = Double.infinity
    /// Where what this connection publishes comes from, when it leads to another broker; nil for a component.
    @exclusivity(unchecked) var origin: Origin?
    @exclusivity(unchecked) var form = PeerForm()

    @exclusivity(unchecked) var calls: CallTable
    /// How many requests are on their way to or with this component, for `less_busy`; read from any lane.
    let callLoad = Atomic<Int>(0)
    @exclusivity(unchecked) var catchUp: CatchUp?
    @exclusivity(unchecked) var isWatched = false
    /// Subscriptions that are to get the last values of their topics before anything else, in this order.
    @exclusivity(unchecked) var openLastValues: [OpenLastValues] = []
    /// What is to become of the last value of the topic that a gateway's client publishes on now.
    @exclusivity(unchecked) var lastValueIntent: LastValueIntent?
    /// Messages that came while the login was being decided.
    var deferred: [(bytes: ByteBuffer, kind: MessageKind)] = []
    @exclusivity(unchecked) var lastRoute = LastRoute()
    /// Answers that wait until something is on the disk.
    var heldAnswers = 0
    /// Methods that were exposed, which their provider has not been told: no call comes before that.
    var unansweredMethods: Set<ExactText> = []
    /// Whether what it publishes is part of the stop, like the will of a client that has gone.
    var outlastsStop = false
    /// How many exchanges a gateway's protocol has under way that the session does not know of; nil for none ever.
    var countGatewayExchanges: (() -> Int)?
    /// Publications that were not delivered to this connection because it took no more.
    var droppedCount = 0
    /// Bytes of log that this connection wanted to read when they were gone.
    var droppedBytes: UInt64 = 0
    /// Tells whom the message that is being handled is from, on a connection that carries those of many; nil when that is its
    /// peer.
    var asker: (() -> String)?
    var denials = DenialMemory()
    @exclusivity(unchecked) private(set) var isClosed = false
    /// Which connection it is, and since when, nanoseconds since the epoch: for readers of events and status.
    let serial: UInt64
    let openedAt: UInt64
    /// Why the broker is about to end the connection.
    var endCause: BrokerEvent.Ending.Cause?
    /// Whether readers of events were told that it does not take what is delivered.
    var isKnownAsSlow = false

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
    var peerAddress: String { asker?() ?? link.remoteAddress }

    /// For the log: the name if there is one, and the address.
    var label: String { "\(state.name ?? state.user ?? "anonymous") (\(peerAddress))" }

    // MARK: End

    func linkClosed(_ link: Link, reason: LinkCloseReason) {
        guard !isClosed else { return }
        isClosed = true
        // The end is nobody's message.
        asker = nil
        report(.ended(reason))
        lane.remove(self)
        release()
        // No end of a read follows for this connection: what its last messages caused leaves now.
        lane.endBurst()
    }

    /// Gives the name and its state back and ends what depended on this connection.
    func release() {
        isReactive = false
        catchUp = nil
        openLastValues = []
        lastRoute.forget()
        deliverySink = nil
        answers = nil
        failCalls()
        calls.tables.cancelAll()
        dropWaitingCalls()
        answeredAll()
        let state = self.state
        // What an anonymous component does with the connection from here on must not reach the component's state.
        self.state = tables.anonymousState(of: nil)
        login = LoginMachine()
        loginCompletion = nil
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
        !isClosed && (calls.forwardedCount > 0 || state.inFlight.count > 0 || calls.gate.isWaiting || isKnownAsSlow)
    }

    func tick() {
        guard !isClosed else { return }
        expireCalls()
        if retransmits { retransmit() }
        continueCatchUp()
        startWaitingCalls()
        lookWhetherCaughtUp()
    }
}
