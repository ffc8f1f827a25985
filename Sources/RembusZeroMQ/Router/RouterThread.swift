import CZeroMQ
import Logging
import NIOCore
import RembusTransport

/// The thread of a ROUTER socket. Everything here runs on it.
final class RouterThread {
    let settings: RouterSettings
    let mailbox: RouterMailbox
    let lanes: [RouterLane]
    let socket: ZeroMQSocket
    let port: Int
    var peers: [RoutingID: RouterPeer] = [:]
    /// The descriptors of open connections, as far as libzmq has reported them.
    var openDescriptors: Set<Int32> = []
    var byDescriptor: [Int32: RouterPeer] = [:]
    /// Peers without a connection, until all that they have sent was read.
    var leaving: [RouterPeer] = []
    /// Peers with messages that libzmq has not accepted yet.
    var blocked: [RouterPeer] = []
    var isAccepting = true
    var nextLane = 0

    private var reader = MultipartReader(hasIdentity: true)
    private var incoming: [IncomingBatch]
    private var turn: UInt64 = 0
    private var retryDelay = 1
    private var nextCare = NIODeadline.now()
    private var stalledSince: NIODeadline?

    /// How long messages may take to leave when the socket is closed.
    private static let closeTime = TimeAmount.seconds(1)
    private static let longestRetryDelay = 16

    init(_ settings: RouterSettings, mailbox: RouterMailbox, lanes: [RouterLane]) throws {
        self.settings = settings
        self.mailbox = mailbox
        self.lanes = lanes
        incoming = lanes.map { _ in IncomingBatch() }
        socket = try ZeroMQSocket(kind: ZMQ_ROUTER)
        do {
            try socket.setUp(
                maxMessageBytes: settings.link.maxMessageBytes, pingInterval: settings.link.pingInterval,
                handshakeTimeout: settings.link.handshakeTimeout)
            // Sending to a peer that is gone or accepts nothing is an error, instead of a silent loss.
            try socket.set(ZMQ_ROUTER_MANDATORY, 1)
            try socket.set(ZMQ_SNDHWM, RouterLimits.maxQueuedMessages)
            try socket.set(ZMQ_BACKLOG, 4096)
            try socket.monitor()
            if let path = settings.path {
                try socket.bind("ipc://\(path)")
            } else {
                let address = try SocketAddress.makeAddressResolvingHost(settings.host, port: settings.port)
                let host = address.ipAddress ?? settings.host
                let port = settings.port == 0 ? "*" : "\(settings.port)"
                try socket.bind("tcp://\(host.contains(":") ? "[\(host)]" : host):\(port)")
            }
            self.port = socket.boundPort ?? settings.port
        } catch {
            socket.close(linger: .zero)
            throw error
        }
    }

    func run() {
        var end: (deadline: NIODeadline, report: @Sendable () -> Void)?
        while true {
            let inbox = mailbox.take()
            isAccepting = inbox.isAccepting
            for batch in inbox.batches { send(batch) }
            retryBlocked()
            if end == nil, let onEnd = inbox.onEnd { end = (.now() + Self.closeTime, onEnd) }
            if let end, blocked.isEmpty || end.deadline < .now() { break }
            takeEvents()
            let mayRead = inbox.isReading && mailbox.hasRoom
            let isDrained = mayRead && readAll()
            if isDrained { removeLeaving() }
            dispatch()
            watch(isStalled: inbox.isReading && !mayRead)
            if !mayRead || isDrained {
                socket.wait(for: mailbox.wakeUp, reading: mayRead, writing: false, milliseconds: waitTime)
            }
        }
        socket.close(linger: Self.closeTime)
        for peer in peers.values { release(peer) }
        end?.report()
    }

    private var waitTime: Int {
        guard blocked.isEmpty else { return retryDelay }
        return peers.isEmpty ? -1 : 1000
    }

    // MARK: Reading

    /// Reads until there are no messages, or it is time for something else. Returns true when there are none.
    private func readAll() -> Bool {
        turn &+= 1
        var bytes = 0
        for _ in 0..<RouterLimits.maxReadMessages where bytes < RouterLimits.maxReadBytes {
            switch reader.next(socket) {
            case .nothing: return true
            case .broken:
                settings.countMalformed()
                settings.logger.debug("skipped a ZeroMQ message whose parts are not those of Rembus")
            case .whole: bytes += take()
            }
        }
        return false
    }

    /// Adds the message that was read to the batch of its peer's event loop. Returns its length.
    private func take() -> Int {
        guard let peer = peer(of: reader.identity, reader.connectionPart) else { return 0 }
        let (header, body) = (reader.header, reader.body)
        let lane = peer.lane.index
        let run = run(of: peer)
        let length = header.count + body.count
        var message = IncomingBatch.Message(start: incoming[lane].bytes.writerIndex, length: 0)
        if length >= IncomingBatch.largeBytes {
            var large = ByteBufferAllocator().buffer(capacity: length + 16)
            if !PartJoiner.join(header: header, body: body, into: &large) { large.writeBytes(header) }
            message.length = large.readableBytes
            message.large = large
        } else {
            // A malformed header is passed on without a body, and refused where the reason can be reported.
            if !PartJoiner.join(header: header, body: body, into: &incoming[lane].bytes) {
                incoming[lane].bytes.writeBytes(header)
            }
            message.length = incoming[lane].bytes.writerIndex - message.start
        }
        incoming[lane].append(message, run: run)
        return length
    }

    /// The run of a peer in the batch of its event loop.
    private func run(of peer: RouterPeer) -> Int {
        if peer.socketSide.turn == turn { return peer.socketSide.run }
        peer.socketSide.turn = turn
        peer.socketSide.run = incoming[peer.lane.index].runs.count
        incoming[peer.lane.index].runs.append(.init(peer: peer))
        return peer.socketSide.run
    }

    /// Tells a peer's event loop that no more messages come.
    func reportGone(_ peer: RouterPeer) {
        let run = run(of: peer)
        incoming[peer.lane.index].runs[run].isGone = true
    }

    private func dispatch() {
        for lane in lanes where !incoming[lane.index].runs.isEmpty {
            let batch = incoming[lane.index]
            incoming[lane.index] = IncomingBatch()
            mailbox.dispatched(batch.byteCount)
            lane.eventLoop.execute { lane.apply(batch) }
        }
        // Everything that is read from here on belongs to another turn.
        turn &+= 1
    }

    // MARK: Sending

    private func retryBlocked() {
        guard !blocked.isEmpty else { return }
        let count = blocked.count
        flushBlocked()
        // A peer that accepted something will soon accept more.
        retryDelay = blocked.count < count ? 1 : min(2 * retryDelay, Self.longestRetryDelay)
    }

    // MARK: Regular checks

    /// Checks regularly what no event reports.
    private func watch(isStalled: Bool) {
        let now = NIODeadline.now()
        if !isStalled {
            stalledSince = nil
        } else if let since = stalledSince {
            if since + RouterLimits.maxPause < now {
                stalledSince = now
                let limit = RouterLimits.resumeUnhandledBytes / (2 * lanes.count)
                for lane in lanes { lane.eventLoop.execute { lane.shed(to: limit) } }
            }
        } else {
            stalledSince = now
        }
        guard nextCare < now else { return }
        nextCare = now + .seconds(1)
        for peer in peers.values {
            if let until = peer.socketSide.closedUntil, until < now { forget(peer) }
        }
    }
}
