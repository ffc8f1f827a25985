import CZeroMQ
import NIOCore
import RembusTransport

/// The thread of a DEALER socket. Everything here runs on it.
final class DealerThread {
    let sink: DealerSink
    let mailbox: DealerMailbox
    let configuration: LinkConfiguration
    var socket: ZeroMQSocket?
    /// Batches that were not sent completely, and the position in the first of them.
    var queue = CircularBuffer<DealerMailbox.Batch>()
    var queueIndex = 0
    var queueOffset = 0
    var pinger: Pinger
    private var reader = MultipartReader(hasIdentity: false)

    init(_ sink: DealerSink, _ mailbox: DealerMailbox, _ configuration: LinkConfiguration) {
        self.sink = sink
        self.mailbox = mailbox
        self.configuration = configuration
        pinger = Pinger(interval: configuration.pingInterval, now: .now())
    }

    // MARK: Connecting

    func connect(_ host: String, _ port: Int) throws {
        let place = DialedPlace.text(host, port)
        // The path of a Unix socket begins with a slash.
        let isLocal = host.hasPrefix("/")
        let address: SocketAddress?
        do {
            address = isLocal ? nil : try SocketAddress.makeAddressResolvingHost(host, port: port)
        } catch {
            throw ConnectFailure(place, NetworkProblem.unknownHost.reason)
        }
        let socket = try ZeroMQSocket(kind: ZMQ_DEALER)
        self.socket = socket
        try socket.setUp(
            maxMessageBytes: configuration.maxMessageBytes, pingInterval: configuration.pingInterval,
            handshakeTimeout: configuration.handshakeTimeout)
        // The component replaces a lost connection itself, because it has to log in again.
        try socket.set(ZMQ_RECONNECT_IVL, -1)
        try socket.set(ZMQ_CONNECT_TIMEOUT, configuration.handshakeTimeout.milliseconds)
        try socket.set(ZMQ_SNDHWM, DealerLimits.maxQueuedMessages)
        try socket.monitor()
        let ip = address?.ipAddress ?? host
        try socket.connect(isLocal ? "ipc://\(host)" : "tcp://\(ip.contains(":") ? "[\(ip)]" : ip):\(port)")
        let deadline = NIODeadline.now() + configuration.handshakeTimeout
        while true {
            while let (event, _) = socket.nextEvent() {
                switch event {
                case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return
                case ZMQ_EVENT_CLOSED, ZMQ_EVENT_CONNECT_RETRIED:
                    // libzmq does not report the reason; this is the usual one.
                    throw ConnectFailure(place, NetworkProblem.refused.reason, kind: .refused)
                case ZMQ_EVENT_DISCONNECTED, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL,
                    ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
                    throw ConnectFailure(
                        place, "what answers there does not speak ZeroMQ; \(NetworkProblem.wrongPort)")
                default: break
                }
            }
            let left = deadline - .now()
            guard left > .zero else {
                throw ConnectFailure(place, NetworkProblem.timedOut.reason)
            }
            socket.wait(for: mailbox.wakeUp, reading: false, writing: false, milliseconds: max(1, left.milliseconds))
        }
    }

    /// Ends the attempt to connect.
    func abandon() {
        socket?.close(linger: .zero)
    }

    // MARK: Working

    func run() {
        guard let socket else { return }
        if configuration.waitsForPeer { send(ping: pinger.hello()) }
        var closeDeadline: NIODeadline?
        while true {
            let inbox = mailbox.take()
            queue.append(contentsOf: inbox.batches)
            let isFull = flush() == .full
            if inbox.isClosing, closeDeadline == nil { closeDeadline = .now() + DealerLimits.closeTime }
            if let closeDeadline, queue.isEmpty || closeDeadline < .now() { break }
            let mayRead = inbox.isReading && mailbox.hasRoom
            var isDrained = false
            if let end = turn(mayRead, inbox.name, &isDrained) {
                socket.close(linger: .zero)
                return sink.eventLoop.execute { [sink] in sink.lost(end) }
            }
            if !mayRead || isDrained {
                let limit = closeDeadline == nil ? pinger.waitTime(.now()) : 10
                socket.wait(for: mailbox.wakeUp, reading: mayRead, writing: isFull, milliseconds: limit)
            }
        }
        // If the connection was lost, the link has left it already. Otherwise a Close message is sent.
        for part in [[], CloseMessage.plain, [Framing.null]] { _ = socket.send(part) }
        _ = socket.send(Framing.end, more: false)
        socket.close(linger: DealerLimits.closeTime)
    }

    /// One turn: handles events, reads messages and sends pings. Returns the reason when the connection has ended.
    private func turn(_ mayRead: Bool, _ name: String?, _ isDrained: inout Bool) -> LinkCloseReason? {
        let isLost = takeEvents()
        // Messages that came before the end can still be read.
        if mayRead || isLost {
            repeat {
                if let end = readAll(&isDrained) { return end }
            } while isLost && !isDrained
        }
        if isLost { return .broken }
        switch pinger.due(.now(), name: name) {
        case .nothing: return nil
        case .ping(let message):
            send(ping: message)
            return nil
        case .lost:
            return LinkCloseReason(code: 1006, text: "no sign of life for two ping intervals", isRemote: true)
        }
    }

    private func takeEvents() -> Bool {
        while let (event, _) = socket?.nextEvent() {
            if event == ZMQ_EVENT_DISCONNECTED { return true }
        }
        return false
    }

    // MARK: Reading

    /// Reads until there are no messages, or many were read. Returns the reason when the broker has ended the
    /// connection.
    private func readAll(_ isDrained: inout Bool) -> LinkCloseReason? {
        guard let socket else { return nil }
        var (batch, end) = (DealerSink.Incoming(), LinkCloseReason?.none)
        var count = 0
        reading: while count < DealerLimits.maxReadMessages, batch.byteCount < DealerLimits.maxReadBytes, end == nil {
            count += 1
            switch reader.next(socket) {
            case .nothing:
                isDrained = true
                break reading
            case .broken: continue
            case .whole: end = take(into: &batch)
            }
        }
        if !batch.messages.isEmpty {
            mailbox.dispatched(batch.byteCount)
            sink.eventLoop.execute { [sink, batch] in sink.apply(batch) }
        }
        return end
    }

    private func take(into batch: inout DealerSink.Incoming) -> LinkCloseReason? {
        let (header, body) = (reader.header, reader.body)
        pinger.heard()
        if let reason = CloseMessage.reason(in: header) { return reason }
        switch pinger.answer(header) {
        case .other: break
        case .fine: return nil
        case .unknown:
            return LinkCloseReason(code: 1006, text: "the broker does not know this connection", isRemote: true)
        }
        if header.count + body.count >= IncomingBatch.largeBytes {
            var large = ByteBufferAllocator().buffer(capacity: header.count + body.count + 16)
            guard PartJoiner.join(header: header, body: body, into: &large) else { return nil }
            batch.append(large.readableBytes, large: large)
        } else {
            let start = batch.bytes.writerIndex
            guard PartJoiner.join(header: header, body: body, into: &batch.bytes) else { return nil }
            batch.append(batch.bytes.writerIndex - start)
        }
        return nil
    }
}
