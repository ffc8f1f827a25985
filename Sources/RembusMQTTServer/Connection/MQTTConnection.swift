import Logging
import NIOCore
import RembusBroker
import RembusListening
import RembusMQTT
import RembusTransport
import RembusWire

/// The connection of one MQTT client. It translates between packets and a session of the broker.
///
/// Used on its event loop only, hence unchecked.
final class MQTTConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        /// Waiting for CONNECT.
        case waiting
        /// The login is being decided.
        case joining
        case open
        case closed
    }

    /// The largest packet other than PUBLISH, in bytes. It is handled without interruption, while other connections
    /// wait.
    private static let maxControlBytes = 1 << 20

    let server: MQTTServer
    let facts: ConnectionFacts
    @exclusivity(unchecked) var reader = MQTTPacketReader(maxPacketBytes: MQTTServer.maxConnectBytes)
    @exclusivity(unchecked) var phase = Phase.waiting
    var context: ChannelHandlerContext?
    /// The peer's address, for the log.
    private(set) var address = "unknown"
    private var deadline: Scheduled<Void>?
    private var isDraining = false
    /// How long packets may be handled before other connections have their turn, and whether packets wait for the next
    /// turn.
    private var turn = Turn()
    private var isInTurn = false
    @exclusivity(unchecked) var isBehind = false
    var isTurnScheduled = false
    /// Whether the client has closed the connection. This takes effect behind the packets that wait.
    @exclusivity(unchecked) var isGone = false

    // MARK: Identity

    var session: GatewaySession?
    /// The name that the session is kept under; nil for a client without a persistent session.
    var name: String?
    @exclusivity(unchecked) var client = MQTTSession()
    var will: Will?

    // MARK: Keep-alive

    @exclusivity(unchecked) var lastHeard = NIODeadline.now()
    @exclusivity(unchecked) var isReadPaused = false
    var keepAlive: TimeAmount?

    // MARK: From the client

    @exclusivity(unchecked) var writer = PublicationWriter()
    /// The topics of the client's aliases.
    @exclusivity(unchecked) var aliases: [UInt16: ByteBuffer] = [:]
    /// Publications of the client at QoS 1 and 2 that are not acknowledged.
    @exclusivity(unchecked) var unacknowledged = 0

    /// Publications that are not accepted yet and whose retained message is not on the disk.
    @exclusivity(unchecked) var unsavedRetained: Set<UInt64> = []
    /// Publications that are accepted and wait for their retained message to be on the disk, and those behind them.
    @exclusivity(unchecked) var waitingAcknowledgements = CircularBuffer<(id: UInt64, isSaved: Bool)>()

    // MARK: To the client

    /// The log of exchanges at QoS 2; nil when exchanges end with the connection.
    @exclusivity(unchecked) var packets: PacketLog?
    /// Steps of exchanges in this unit of work.
    @exclusivity(unchecked) var packetChanges: [PacketChange] = []
    /// Packets, among them publications, that must not leave before those steps are durable.
    @exclusivity(unchecked) var held: ByteBuffer?
    @exclusivity(unchecked) var heldPartitions: UInt64 = 0
    @exclusivity(unchecked) var heldBatches = CircularBuffer<HeldPackets>()
    @exclusivity(unchecked) var heldBytes = 0
    /// Bytes that are collected until the end of a unit of work, or until the socket takes more.
    @exclusivity(unchecked) var output: ByteBuffer?
    @exclusivity(unchecked) var reportedBacklog = 0
    /// Bytes that were given to the channel and that the client has not read, as far as is known.
    @exclusivity(unchecked) var handedOver = 0
    /// Bytes of an incomplete packet that were counted.
    @exclusivity(unchecked) var countedIncoming = 0
    @exclusivity(unchecked) var properties = ByteBuffer()
    let converter = PayloadConverter.ofThisEventLoop
    /// Packet identifiers of deliveries that earlier connections have sent, by the delivery.
    @exclusivity(unchecked) var resumed: [UInt64: UInt16] = [:]
    /// Deliveries that the client does not acknowledge, because it does not get them or gets them at QoS 0.
    @exclusivity(unchecked) var finished: [UInt64] = []
    /// Retained messages that the client cannot take yet.
    @exclusivity(unchecked) var waitingMessages = CircularBuffer<(message: KeptMessage, filter: String)>()
    /// The filters of these messages, and the filters that wait, each with its number in the queue.
    var sendingFilters: Set<String> = []
    @exclusivity(unchecked) var wantedFilters: [String: Int] = [:]
    var waitingFilters = CircularBuffer<(filter: String, number: Int)>()
    var filterCount = 0
    var isRetainedTurnScheduled = false
    var receiveMaximum = Int(UInt16.max)
    /// The largest packet that the client accepts.
    @exclusivity(unchecked) var maxOutgoingBytes = MQTTPacket.maxBytes
    /// The most topics that may have an alias, and those that have one.
    @exclusivity(unchecked) var maxAliases = 0
    @exclusivity(unchecked) var outgoingAliases: [ExactText: UInt16] = [:]

    init(server: MQTTServer, facts: ConnectionFacts) {
        self.server = server
        self.facts = facts
    }

    var version: MQTTVersion { reader.version }
    var logger: Logger { server.host.logger }
    var label: String { name.map { "\($0) (\(address))" } ?? address }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        address = (facts.client ?? PeerAddress(context.channel.remoteAddress)).text
        deadline = context.eventLoop.assumeIsolated().scheduleTask(
            in: server.host.linkConfiguration.handshakeTimeout
        ) {
            self.server.host.admission.count(.handshakeTimeout)
            self.end(nil, "no CONNECT in time")
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
        self.context = nil
        output = nil
        if !isGone { forget() }
    }

    func forget() {
        isBehind = false
        output = nil
        countIncoming(0)
        session = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .closed else { return }
        lastHeard = .now()
        var bytes = unwrapInboundIn(data)
        reader.feed(&bytes)
        if !isBehind { drain() }
        countIncoming(reader.pendingBytes)
    }

    /// Counts the bytes of an incomplete packet. A large one ends the connection while memory is short.
    func countIncoming(_ bytes: Int) {
        guard bytes != countedIncoming, let memory = session?.link.group.memory else { return }
        memory.change(.incoming, by: bytes - countedIncoming)
        let isMore = bytes > countedIncoming
        countedIncoming = bytes
        if isMore, bytes > MemoryBudget.leastRoom, memory.budget.isExceeded {
            end(.serverBusy, "the broker is short of memory")
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        endWork()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            lastHeard = .now()
            write()
            session?.endWork()
        }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        lost()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        lost()
        context.close(promise: nil)
    }

    /// Handles the packets that have arrived, until the turn is over.
    func drain() {
        guard !isDraining else { return }
        isDraining = true
        defer { isDraining = false }
        if !isInTurn {
            isInTurn = true
            turn.begin(at: .now())
        }
        do throws(MQTTProtocolError) {
            while phase == .open || phase == .waiting {
                guard let frame = try reader.nextFrame() else { break }
                if frame.isPublish, phase == .open {
                    try receivePublish(frame)
                } else {
                    guard frame.byteCount <= Self.maxControlBytes else {
                        throw MQTTProtocolError(
                            .packetTooLarge, "a packet without a publication of \(frame.byteCount) bytes")
                    }
                    let packet = try MQTTPacket(frame, version: &reader.version)
                    try handle(packet)
                }
                guard turn.isClockDue(), turn.isOver(at: .now()), phase == .open, reader.pendingBytes > 0 else {
                    continue
                }
                isBehind = true
                updateReading()
                return scheduleTurn()
            }
        } catch {
            refuse(error)
        }
    }

    /// Ends a unit of work, so that what it has caused is sent.
    func endWork() {
        isInTurn = false
        guard let session, phase == .open || phase == .joining else { return write() }
        if isSendingRetained { sendWaitingMessages() }
        session.endWork()
        writeDownExchanges()
        write()
    }

    private func handle(_ packet: MQTTPacket) throws(MQTTProtocolError) {
        if phase == .waiting {
            guard case .connect(let connect) = packet else { return end(nil, "the first packet is no CONNECT") }
            deadline?.cancel()
            deadline = nil
            return connected(connect)
        }
        switch packet {
        case .connect: throw MQTTProtocolError(.protocolError, "a second CONNECT")
        case .puback(let id, _, _): acknowledged(id)
        case .pubrec(let id, let reason, _): received(id, reason)
        case .pubrel(let id, _, _): released(id)
        case .pubcomp(let id, _, _): completed(id)
        case .subscribe(let id, let subscriptions, let properties):
            try subscribe(id, subscriptions, properties)
        case .unsubscribe(let id, let filters, _): try unsubscribe(id, filters)
        case .pingreq: send(.pingresp)
        case .disconnect(let reason, let properties): try disconnected(reason, properties)
        case .auth: throw MQTTProtocolError(.badAuthenticationMethod, "AUTH without an authentication method")
        case .publish, .connack, .suback, .unsuback, .pingresp:
            throw MQTTProtocolError(.protocolError, "a packet that only servers send")
        }
    }

    /// Sends a packet at the end of this unit of work. If it is larger than the client accepts, the connection is
    /// ended, because the client waits for an answer that cannot be sent.
    func send(_ packet: MQTTPacket) {
        var buffer = output.take() ?? takeBuffer()
        let start = buffer.writerIndex
        packet.encode(version: version, into: &buffer)
        let isTooLarge = buffer.writerIndex - start > maxOutgoingBytes
        if isTooLarge { buffer.moveWriterIndex(to: start) }
        output = buffer
        session?.link.enlist()
        if isTooLarge {
            end(phase == .open ? .packetTooLarge : nil, "an answer is larger than the client's maximum packet size")
        }
    }
}
