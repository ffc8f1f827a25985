import DataFrames
import NIOCore
import RembusBroker
import RembusListening
import RembusTransport
import RembusWire

/// One client of server-sent events: a session of its own with one subscription.
///
/// Bytes that the client has not read count as the session's backlog, so the broker treats the client like every other
/// slow consumer.
final class EventStream: LinkSink {
    private let exchange: Exchange
    private let pattern: String
    private let wrapsMessages: Bool
    private let decodingLimits: DecodingLimits
    private var session: GatewaySession?
    /// Events that were not given to the socket yet. The last one lacks the empty line that ends it.
    private var text = ByteBuffer()
    private var hasOpenEvent = false
    private var isStarted = false
    /// Bytes that were given to the socket and are not written.
    private var unwritten = 0
    /// Deliveries that are acknowledged when they are written.
    private var received: [MessageID] = []
    private var heartbeat: RepeatedTask?
    private var isQuiet = true

    private static let heartbeatInterval = TimeAmount.seconds(15)

    init(_ exchange: Exchange, pattern: String, wrapsMessages: Bool) {
        self.exchange = exchange
        self.pattern = pattern
        self.wrapsMessages = wrapsMessages
        decodingLimits = exchange.pool.decodingLimits
    }

    private var eventLoop: any EventLoop { exchange.pool.eventLoop }

    // MARK: Life

    func start(_ login: GatewaySession.Login, from start: GatewaySession.Start) {
        let pool = exchange.pool
        session = pool.host.makeSession(
            on: pool.eventLoop, address: exchange.address,
            facts: ConnectionFacts(
                pool.transport, isSecure: pool.transport == .https, certificate: exchange.certificate), sink: self)
        guard let session else { return exchange.fail(.leaving) }
        // A delivery whose acknowledgement is late is on its way in the socket. Sending it again would repeat the
        // event.
        session.retransmits = false
        exchange.whenOver = { [weak self] in self?.clientLeft() }
        let this = NIOLoopBound(self, eventLoop: pool.eventLoop)
        session.logIn(login) { result in
            // The completion is called during the login, so this waits for its end.
            pool.eventLoop.execute { this.value.loggedIn(result, start) }
        }
    }

    private func loggedIn(_ result: Result<Bool, GatewaySession.LoginFailure>, _ start: GatewaySession.Start) {
        guard let session else { return }
        if case .failure(let failure) = result { return refuse(HTTPFailure(failure)) }
        session.beginWork()
        // A first comment shows the client, and proxies on the way, that the stream is open.
        text.writeStaticString(": subscribed\n\n")
        let outcome = session.follow(pattern, from: start)
        guard outcome.status == .ok else { return refuse(HTTPFailure(outcome.status, outcome.data)) }
        isStarted = true
        exchange.startStream(
            "text/event-stream", headers: [("cache-control", "no-store"), ("x-accel-buffering", "no")])
        flush()
        // Keeps the stream alive until its end, which cancels this.
        let this = NIOLoopBound(self, eventLoop: eventLoop)
        heartbeat = eventLoop.scheduleRepeatedTask(
            initialDelay: Self.heartbeatInterval, delay: Self.heartbeatInterval
        ) { _ in this.value.beat() }
        session.endWork()
    }

    private func refuse(_ failure: HTTPFailure) {
        exchange.whenOver = nil
        exchange.fail(failure)
        end()
    }

    private func beat() {
        if isQuiet {
            text.writeStaticString(":\n\n")
            flush()
        }
        isQuiet = true
    }

    /// The client has closed the connection, or the broker is about to stop.
    private func clientLeft() {
        exchange.endStream()
        end()
    }

    private func end() {
        heartbeat?.cancel()
        heartbeat = nil
        guard let session else { return }
        self.session = nil
        session.close()
    }

    // MARK: Events

    func link(_ link: Link, sends message: UnsafeRawBufferPointer) {
        guard case .regular(let header) = FrameHeader.parse(message), header.kind == .publish else { return }
        let payload = UnsafeRawBufferPointer(
            rebasing: message[header.payloadOffset..<header.payloadOffset + header.payloadLength])
        guard var arguments = (try? Value(cbor: ByteBuffer(bytes: payload), limits: decodingLimits))?.arrayValue
        else { return }
        var topic = header.topic(in: message)
        // A delivery for a pattern has the topic as its first argument (behaviour.md §6.2).
        if TopicPattern.isPattern(topic), let first = arguments.first?.stringValue {
            topic = first
            arguments.removeFirst()
        }
        if let id = header.id(in: message) { received.append(id) }
        write(topic, .array(arguments))
        link.setSinkBacklog(unwritten + text.readableBytes)
    }

    private func write(_ topic: String, _ arguments: Value) {
        if hasOpenEvent { text.writeStaticString("\n") }
        hasOpenEvent = true
        if wrapsMessages {
            text.writeStaticString("data: ")
            Value.map(["topic": .text(topic), "args": arguments])
                .encodeJSON(into: &text, frames: DataFrame.writeRows(ofArrow:into:))
        } else {
            text.writeStaticString("event: ")
            // A line break would end the field.
            text.writeString(topic.utf8.contains { $0 == 10 || $0 == 13 } ? Self.singleLine(topic) : topic)
            text.writeStaticString("\ndata: ")
            arguments.encodeJSON(into: &text, frames: DataFrame.writeRows(ofArrow:into:))
        }
        text.writeStaticString("\n")
    }

    private static func singleLine(_ topic: String) -> String {
        String(decoding: topic.utf8.map { $0 == 10 || $0 == 13 ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
    }

    func linkFlushes(_ link: Link) {
        guard isStarted else { return }
        flush()
    }

    private func flush() {
        if hasOpenEvent {
            // Only the last event of a unit of work has an id, because the position is that behind all of them.
            hasOpenEvent = false
            text.writeString("id: \(EventPosition(marks: session?.position(of: pattern) ?? []).text)\n\n")
        }
        guard text.readableBytes > 0 else { return }
        isQuiet = false
        let (piece, acknowledged) = (text, received)
        text = ByteBuffer()
        received = []
        unwritten += piece.readableBytes
        let written = eventLoop.makePromise(of: Void.self)
        let this = NIOLoopBound(self, eventLoop: eventLoop)
        let loop = eventLoop
        written.futureResult.whenComplete { _ in
            // This can be in the middle of a unit of work, so it gets one of its own.
            loop.execute { this.value.wrote(piece.readableBytes, acknowledged) }
        }
        exchange.write(piece, promise: written)
    }

    private func wrote(_ count: Int, _ acknowledged: [MessageID]) {
        unwritten -= count
        guard let session else { return }
        session.beginWork()
        for id in acknowledged { session.confirmDelivery(id) }
        session.link.setSinkBacklog(unwritten + text.readableBytes)
        session.endWork()
    }

    func linkGivesUpMemory(_ link: Link) { exchange.abort() }

    /// A client sends nothing whose reading could be stopped.
    func link(_ link: Link, reads isReading: Bool) {}

    func link(_ link: Link, closes reason: LinkCloseReason) {
        heartbeat?.cancel()
        heartbeat = nil
        guard session != nil else { return }
        session = nil
        exchange.whenOver = nil
        isStarted ? exchange.endStream() : exchange.fail(.leaving)
    }
}
