import Logging
import NIOCore
import RembusBroker
import RembusMQTT
import RembusTransport
import RembusWire

/// The connection of one MQTT client: packets on one side, messages of a broker session on the other.
///
/// Used on its event loop only, hence unchecked.
final class MQTTConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        /// For CONNECT.
        case waiting
        /// The broker decides who the client is.
        case joining
        case open
        case closed
    }

    let server: MQTTServer
    let facts: ConnectionFacts
    @exclusivity(unchecked) var reader = MQTTPacketReader(maxPacketBytes: MQTTServer.maxConnectBytes)
    @exclusivity(unchecked) var phase = Phase.waiting
    var context: ChannelHandlerContext?
    /// The peer's address, for the log.
    private(set) var address = "unknown"
    private var deadline: Scheduled<Void>?
    private var isDraining = false

    // MARK: Who is there

    var session: DoorSession?
    /// Under which the session is kept; nil for a client of which nothing is.
    var name: String?
    @exclusivity(unchecked) var client = ClientSession()
    var will: Will?

    // MARK: Keep-alive

    @exclusivity(unchecked) var lastHeard = NIODeadline.now()
    @exclusivity(unchecked) var isReadPaused = false
    var keepAlive: TimeAmount?

    // MARK: From the client

    @exclusivity(unchecked) var writer = PublicationWriter()
    /// What the client has given numbers.
    @exclusivity(unchecked) var aliases: [UInt16: ByteBuffer] = [:]
    /// QoS 1 and 2 publications that are not acknowledged.
    @exclusivity(unchecked) var unacknowledged = 0

    // MARK: To the client

    /// What is collected until the end of a unit of work, or until the socket takes more.
    @exclusivity(unchecked) var output: ByteBuffer?
    @exclusivity(unchecked) var reportedBacklog = 0
    @exclusivity(unchecked) var properties = ByteBuffer()
    let converter = PayloadConverter.ofThisEventLoop
    /// Packet identifiers of deliveries that earlier connections have sent.
    @exclusivity(unchecked) var resumed: [UInt64: UInt16] = [:]
    /// Deliveries that the client does not acknowledge, because it does not get them or gets them at QoS 0.
    @exclusivity(unchecked) var finished: [UInt64] = []
    /// Retained messages that the client cannot take yet.
    @exclusivity(unchecked) var waitingMessages = CircularBuffer<(message: KeptMessage, filter: String)>()
    var receiveMaximum = Int(UInt16.max)
    @exclusivity(unchecked) var maxOutgoingBytes = Int.max
    /// How many topics may be given numbers, and those that were.
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
        address = context.channel.remoteAddress.map { "\($0.ipAddress ?? "local"):\($0.port ?? 0)" } ?? "unknown"
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
        session = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .closed else { return }
        lastHeard = .now()
        var bytes = unwrapInboundIn(data)
        reader.feed(&bytes)
        drain()
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
        leave(isWillDue: true)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        leave(isWillDue: true)
        context.close(promise: nil)
    }

    /// Handles the packets that have arrived, one after the other.
    func drain() {
        guard !isDraining else { return }
        isDraining = true
        defer { isDraining = false }
        do throws(MQTTProtocolError) {
            while phase == .open || phase == .waiting {
                guard let frame = try reader.nextFrame() else { break }
                if frame.isPublish, phase == .open {
                    try receivePublish(frame)
                } else {
                    let packet = try MQTTPacket(frame, version: &reader.version)
                    try handle(packet)
                }
            }
        } catch {
            refuse(error)
        }
    }

    /// Ends a unit of work: what it caused leaves.
    func endWork() {
        guard let session, phase == .open || phase == .joining else { return write() }
        if !waitingMessages.isEmpty { sendWaitingMessages() }
        session.endWork()
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
        case .unsubscribe(let id, let filters, _): unsubscribe(id, filters)
        case .pingreq: send(.pingresp)
        case .disconnect(let reason, let properties): try disconnected(reason, properties)
        case .auth: throw MQTTProtocolError(.badAuthenticationMethod, "AUTH without an authentication method")
        case .publish, .connack, .suback, .unsuback, .pingresp:
            throw MQTTProtocolError(.protocolError, "a packet that only servers send")
        }
    }

    /// Sends a packet at the end of this unit of work.
    func send(_ packet: MQTTPacket) {
        var buffer = output.take() ?? takeBuffer()
        packet.encode(version: version, into: &buffer)
        output = buffer
        session?.link.enlist()
    }
}
