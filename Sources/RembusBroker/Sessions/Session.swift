import Logging
import NIOCore
import RembusListening
import RembusStore
import RembusSupport
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
    var login = Login()
    /// Whether the name was proven with a key or a certificate, and not only claimed.
    @exclusivity(unchecked) var isProven = false
    /// The client certificate that the connection was opened with.
    let certificate: ClientCertificate?
    /// When the name was proven with something other than the certificate, milliseconds since 1970.
    var provenAt: Int64 = 0
    let transport: TransportKind
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
    /// What the peer sent last, which is what it gets (protocol.md §1.1).
    @exclusivity(unchecked) var encoding = MessageKind.binary
    var dialect = JSONDialect()
    /// How the peer wrote the id of the JSON message that is being handled.
    @exclusivity(unchecked) var idForm = MessageID.JSONForm.number

    /// Requests forwarded to this component.
    @exclusivity(unchecked) var calls: CorrelationTable<RoutedCall>
    /// How many requests are on their way to or with this component, for `less_busy`; read from any lane.
    let callLoad = Atomic<Int>(0)
    @exclusivity(unchecked) var catchUp: CatchUp?
    @exclusivity(unchecked) var isWatched = false
    /// Messages that came while the login was being decided.
    var deferred: [(bytes: ByteBuffer, kind: MessageKind)] = []
    /// The route of the last publication: the next one often goes to the same topic.
    @exclusivity(unchecked) var lastRoute: Route?
    /// Whether this component may publish along `lastRoute`, under a topic that can be published to.
    @exclusivity(unchecked) var mayUseLastRoute = true
    /// Answers that wait until something is on the disk.
    var heldAnswers = 0
    /// Methods that were exposed, which their provider has not been told: no call comes before that.
    var unansweredMethods: Set<ExactText> = []
    /// Requests of this connection that wait for an answer.
    @exclusivity(unchecked) var openCalls = 0
    /// Those of them that are queries of the storage's tables, which nobody needs once the caller is gone.
    var tableCalls = TableCalls()
    /// Whether what it publishes is part of the stop, like the will of a client that has gone.
    var outlastsStop = false
    /// How many exchanges a gateway's protocol has under way that the session does not know of; nil for none ever.
    var countGatewayExchanges: (() -> Int)?
    /// Calls of services whose answers have no room yet.
    @exclusivity(unchecked) var answerGate = AnswerGate()
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
    let openedAt = WallClock.nanoseconds()
    /// Why the broker is about to end the connection.
    var endCause: BrokerEvent.Ending.Cause?
    /// Whether readers of events were told that it does not take what is delivered.
    var isKnownAsSlow = false

    init(lane: Lane, link: Link, facts: ConnectionFacts) {
        self.lane = lane
        self.link = link
        core = lane.core
        serial = core.events.nextConnection()
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
        calls = CorrelationTable(limit: lane.settings.limits.maxPendingCalls)
        state = tables.anonymousState(of: self)
        (number, tenant) = (state.number, state.tenant)
        if core.isAuthenticated { gate = .locked }
    }

    var limits: BrokerLimits { lane.settings.limits }

    /// Whom the message that is being handled is from, for log and audit.
    var peerAddress: String { asker?() ?? link.remoteAddress }

    /// For the log: the name if there is one, and the address.
    var label: String { "\(state.name ?? state.user ?? "anonymous") (\(peerAddress))" }

    // MARK: Messages

    func link(_ link: Link, received bytes: UnsafeRawBufferPointer, kind: MessageKind, owner: ByteBuffer?) {
        guard gate == .open else { return receiveGated(bytes, kind) }
        encoding = kind
        if kind == .binary {
            idForm = .number
            receive(bytes, owner: owner)
        } else {
            receiveText(bytes)
        }
    }

    func linkReadCompleted(_ link: Link) {
        pauseIfCongested()
        lane.endBurst()
    }

    func pauseIfCongested() {
        if lane.takeCongestion(of: self) { lane.pause(self) }
    }

    @inline(__always)
    private func receive(_ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?) {
        switch FrameHeader.parse(bytes) {
        case .regular(let header):
            traffic.received(MessageClass(header), bytes: bytes.count)
            handle(header, bytes, owner: owner)
        case .irregular: receiveIrregular(bytes)
        case .malformed(let text): refuse(text)
        }
    }

    @inline(__always)
    private func handle(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?) {
        switch header.kind {
        case .publish: receivePublication(header, bytes, owner: owner)
        case .request: receiveRequest(header, bytes)
        case .response: receiveResponse(header, bytes)
        case .ack: acknowledged(header.id(in: bytes))
        case .ack2: if let id = header.id(in: bytes) { state.duplicates.remove(id) }
        }
    }

    /// A control message, or a data message in a form that is accepted but not relayed as it is (protocol.md §2).
    private func receiveIrregular(_ bytes: UnsafeRawBufferPointer) {
        do throws(WireError) {
            let message = try Message(cbor: ByteBuffer(bytes: bytes), limits: core.decodingLimits)
            traffic.received(MessageClass(message), bytes: bytes.count)
            receive(message)
        } catch {
            refuse("\(error)")
        }
    }

    private func receiveText(_ bytes: UnsafeRawBufferPointer) {
        do throws(WireError) {
            let message = try Message(json: ByteBuffer(bytes: bytes), limits: core.decodingLimits, dialect: &dialect)
            idForm = message.id?.jsonForm ?? .number
            traffic.received(MessageClass(message), bytes: bytes.count)
            receive(message)
        } catch {
            refuse("\(error)")
        }
    }

    private func receive(_ message: Message) {
        switch message {
        case .publish, .request, .response:
            // Into the usual form, which everything behind this point works on.
            var buffer = ByteBuffer()
            message.encodeCBOR(into: &buffer)
            buffer.withUnsafeReadableBytes { bytes in
                guard case .regular(let header) = FrameHeader.parse(bytes) else {
                    return refuse("the message cannot be put into the usual form")
                }
                handle(header, bytes, owner: nil)
            }
        case .ack(let id): acknowledged(id)
        case .ack2(let id): state.duplicates.remove(id)
        case .identity(let identity): receive(identity)
        case .admin(let admin): receive(admin)
        case .register(let register): receive(register)
        case .unregister(let id): unregister(id)
        case .attestation(let attestation): receive(attestation)
        case .ping(let id, let name): receivePing(id, name)
        case .close:
            endCause = .peer
            link.close(code: 1000, reason: "")
        }
    }

    /// Ends the connection for what it sent: this one only (protocol.md §1.1, code 1000).
    func refuse(_ text: String) {
        report(.malformed(text))
        link.close(code: 1000, reason: "protocol error")
    }

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
        lastRoute = nil
        deliverySink = nil
        answers = nil
        failCalls()
        tableCalls.cancelAll()
        dropWaitingCalls()
        answeredAll()
        let state = self.state
        // What an anonymous component does with the connection from here on must not reach the component's state.
        self.state = tables.anonymousState(of: nil)
        login = Login()
        isProven = false
        save(state, isConnected: false)
        let orphans = transport.isMQTT && state.isTransient ? state.orphans : []
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
        !isClosed && (calls.count > 0 || state.inFlight.count > 0 || answerGate.isWaiting || isKnownAsSlow)
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
