import Logging
import NIOCore
import RembusTransport
import Synchronization

/// Gives a session its links: connects, logs in, and does both again when a link is lost.
///
/// Session and connection refer to each other until the component is closed, because a component serves its handlers
/// even if the program keeps no reference to it.
final class Connection: Sendable {
    let url: RembusURL
    let settings: Settings
    let encoding: MessageEncoding
    let isReactiveBySubscribing: Bool
    let logger: Logger
    let submissions: Submissions
    let states = StateHub()
    let ids = MessageIDSource()
    let counters = Counters()

    private let eventLoop: any EventLoop
    private let policy: ReconnectPolicy
    /// The source of the credential.
    let credentials: CredentialSource
    /// nil when the connection is not encrypted.
    private let tls: TLSClientContext?
    private let session: NIOLoopBoundBox<ClientSession?>
    /// Translates between the component and an MQTT server; nil until there is a connection to one.
    private let carrier: NIOLoopBoundBox<MQTTCarrier?>
    private let reconnecting = Mutex<Task<Void, Never>?>(nil)

    init(_ url: RembusURL, _ configuration: ComponentConfiguration) throws(RembusError) {
        try Self.check(url, configuration.encoding)
        self.url = url
        settings = try Settings(configuration, name: url.name)
        encoding = configuration.encoding
        isReactiveBySubscribing = configuration.isReactive
        policy = configuration.reconnect
        credentials = CredentialSource(configuration, name: url.name)
        tls =
            url.scheme.isSecure
            ? try configuration.tlsContext(protocol: url.scheme == .mqtts ? "mqtt" : "http/1.1") : nil
        var logger = configuration.logger
        logger[metadataKey: "component"] = "\(url.name ?? "anonymous")"
        self.logger = logger
        let eventLoop = configuration.eventLoopGroup.next()
        self.eventLoop = eventLoop
        let box = NIOLoopBoundBox<ClientSession?>.makeEmptyBox(valueType: ClientSession.self, eventLoop: eventLoop)
        session = box
        carrier = .makeEmptyBox(valueType: MQTTCarrier.self, eventLoop: eventLoop)
        // Weak, because the session refers to the submissions. A caller that waits for an answer refers to the
        // connection.
        submissions = Submissions(maxUnsentBytes: configuration.maxUnsentBytes) { [weak box] in
            eventLoop.execute { [weak box] in box?.value?.drain() }
        }
        startSession(configuration)
    }

    /// Makes the session on its event loop. Later requests to it are queued behind.
    private func startSession(_ configuration: ComponentConfiguration) {
        var configuration = configuration
        configuration.logger = logger
        let parts = SessionParts(
            eventLoop: eventLoop, name: url.name, settings: settings, configuration: configuration,
            submissions: submissions, states: states, ids: ids, counters: counters)
        eventLoop.execute { [session] in
            let made = ClientSession(parts)
            made.onLoss = { _ in self.keepReconnecting() }
            made.onEnd = { self.stopReconnecting() }
            session.value = made
        }
    }

    private static func check(_ url: RembusURL, _ encoding: MessageEncoding) throws(RembusError) {
        switch url.scheme {
        case .ws, .wss: return
        case .tcp, .tls, .zmq, .mqtt, .mqtts:
            if encoding == .cbor { return }
            throw RembusError(
                .unsupported, "Connections with \(url.scheme.rawValue) carry CBOR only; use ws or wss for JSON.")
        }
    }

    // MARK: Connecting

    /// Makes one attempt to connect and log in.
    func establish() async throws(RembusError) {
        let connection: DialedConnection
        // The credential is read for each attempt, because the key file may have been added or replaced.
        let credential = credentials.find()
        let (session, peer) = (session, DialedPlace.text(url.host, url.port))
        do {
            connection = try await dial(credential) { [eventLoop] configuration, sink in
                session.value?.attach(configuration, peer: peer, sink: sink)
                    ?? Link(
                        role: .client, group: LinkGroup(eventLoop: eventLoop), configuration: configuration,
                        remoteAddress: peer, delegate: nil, sink: sink)
            }
        } catch let error as RembusError {
            throw error
        } catch {
            throw connectError(error, peer)
        }
        let failure = await withCheckedContinuation { continuation in
            eventLoop.execute {
                guard let session = session.value else {
                    return continuation.resume(returning: Submissions.closedError(nil) as RembusError?)
                }
                session.connection = connection
                session.logIn(credential) { continuation.resume(returning: $0) }
            }
        }
        guard let failure else { return }
        connection.close()
        throw explain(failure)
    }

    /// Explains a failed handshake: a peer that hangs up or says nothing is probably not a broker, or speaks another
    /// protocol.
    private func explain(_ failure: RembusError) -> RembusError {
        guard failure.code == .connectionDown || failure.code == .timeout, url.scheme != .mqtt, url.scheme != .mqtts,
            !settings.isAuthenticated
        else { return failure }
        let what = failure.code == .timeout ? "does not answer" : "ended the connection before it answered"
        return RembusError(
            failure.code,
            "The peer at \(DialedPlace.text(url.host, url.port)) \(what): it may be no Rembus broker, or its port may be for another protocol "
                + "than \(url.scheme.rawValue); \(NetworkProblem.wrongPort).")
    }

    private func dial(
        _ credential: FoundCredential,
        makeLink: @escaping @Sendable (LinkConfiguration, (any LinkSink)?) -> Link
    ) async throws -> DialedConnection {
        switch url.scheme {
        case .tcp, .tls:
            let channel = try await TCPDialer.connect(
                host: url.host, port: url.port, tls: tls, on: eventLoop, configuration: linkConfiguration
            ) { _, configuration in makeLink(configuration, nil) }
            return DialedConnection(channel)
        case .ws, .wss:
            let channel = try await WebSocketDialer.connect(
                host: url.host, port: url.port, tls: tls, on: eventLoop, configuration: linkConfiguration
            ) { _, configuration in makeLink(configuration, nil) }
            return DialedConnection(channel)
        case .mqtt, .mqtts:
            return try await dialMQTT(
                credential, carrier, tls: tls, on: eventLoop, linkConfiguration, makeLink: makeLink)
        case .zmq:
            guard let dialer = SinkDialer.of(scheme: url.scheme.rawValue) else {
                throw RembusError(
                    .unsupported,
                    "The protocol \(url.scheme.rawValue) is not part of this program; it needs the module RembusZeroMQ."
                )
            }
            return try await dialer.connect(url.host, url.port, eventLoop, linkConfiguration) { makeLink($1, $0) }
        }
    }

    /// Why there is no connection, in a sentence. Details of unexpected errors go to the log.
    private func connectError(_ error: any Error, _ peer: String) -> RembusError {
        logger.debug("no connection", metadata: ["broker": "\(peer)", "reason": "\(error)"])
        if let failure = error as? TLSFailure {
            return RembusError(.connectionDown, "Cannot connect to \(place): \(failure).")
        }
        return RembusError(
            .connectionDown,
            ConnectFailure(peer, error).sentence(place, server: "a broker", start: "rembus broker"))
    }

    /// The address of the broker: the URL without a name.
    var place: String {
        var place = url
        place.name = nil
        return "\(place)"
    }

    private var linkConfiguration: LinkConfiguration {
        let interval = url.scheme == .zmq ? settings.zeroMQPingInterval : settings.pingInterval
        var configuration = LinkConfiguration(
            maxMessageBytes: settings.maxMessageBytes,
            pingInterval: interval > .zero ? TimeAmount(bounded: interval) : nil,
            highWaterMark: 1 << 20, lowWaterMark: 256 << 10)
        configuration.waitsForPeer = settings.isAuthenticated
        return configuration
    }

    /// Tries until there is a connection, the component is closed, or the broker has refused it for good.
    func keepReconnecting() {
        reconnecting.withLock { task in
            task?.cancel()
            task = Task { await self.reconnect() }
        }
    }

    private func stopReconnecting() {
        reconnecting.withLock { task in
            task?.cancel()
            task = nil
        }
    }

    private func reconnect() async {
        var attempt = 0
        while !Task.isCancelled {
            attempt += 1
            states.set(.reconnecting(attempt: attempt))
            do {
                try await Task.sleep(for: policy.delay(attempt: attempt))
                return try await establish()
            } catch let error as RembusError where !error.isWorthRetrying {
                logger.error("the broker refuses the component", metadata: ["reason": "\(error.message)"])
                return submissions.perform { $0.close(error) }
            } catch {
                logger.debug(
                    "no connection yet", metadata: ["attempt": .stringConvertible(attempt), "reason": "\(error)"])
            }
        }
    }

    // MARK: Use

    /// Runs `body` on the event loop, behind everything that was sent before, and waits for it.
    ///
    /// Throws when the component is closed.
    func onSession<R: Sendable>(_ body: @escaping @Sendable (ClientSession) -> R) async throws(RembusError) -> R {
        let result: R? = await withCheckedContinuation { continuation in
            let isQueued = submissions.tryPerform { continuation.resume(returning: body($0)) }
            if !isQueued { continuation.resume(returning: nil) }
        }
        guard let result else { throw closedError }
        return result
    }

    var closedError: RembusError {
        if case .closed(let reason) = states.state { return Submissions.closedError(reason) }
        return Submissions.closedError(nil)
    }

    /// Closes for good. Returns when everything that was sent before is written and the socket is closed.
    func close() async {
        let connection = try? await onSession { session in
            session.close(nil)
            return session.connection
        }
        try? await connection?.closeFuture.get()
    }
}

extension RembusError {
    /// Whether a new attempt to connect can succeed although nothing changes on this side.
    var isWorthRetrying: Bool {
        switch code {
        case .connectionDown, .nameInUse, .timeout, .notConnected: true
        default: false
        }
    }
}
