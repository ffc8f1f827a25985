import Logging
import NIOCore
import Rembus
import RembusBroker
import RembusIdentity
import RembusListening
import RembusTransport
import RembusWire

/// Keeps a link to another broker: dials, logs in, hands the connection to the core, and does it again when it is lost.
///
/// On one event loop; hence unchecked.
final class PeerLink: @unchecked Sendable {
    private let host: GatewayHost
    private let eventLoop: any EventLoop
    private let target: PeerURL
    private let tls: TLSClientContext?
    private let credential: @Sendable () -> Result<Credential?, IdentityError>
    private let policy = ReconnectPolicy()
    private var attempt = 0
    /// When the link was put to use; nil while there is none.
    private var linkedSince: NIODeadline?
    private var lastProblem: String?
    private var isStopping = false
    private var retry: Scheduled<Void>?
    private var channel: (any Channel)?

    /// A broker that is busy may answer late.
    private static let loginTimeout = TimeAmount.seconds(30)
    /// A link that has lasted so long is dialed again without a growing delay.
    private static let steadyTime = TimeAmount.seconds(5)

    init(
        host: GatewayHost, eventLoop: any EventLoop, target: PeerURL, tls: TLSClientContext?,
        credential: @escaping @Sendable () -> Result<Credential?, IdentityError>
    ) {
        (self.host, self.eventLoop, self.target, self.tls) = (host, eventLoop, target, tls)
        self.credential = credential
    }

    func start() {
        note(problem: "not connected yet")
        eventLoop.execute { self.dial() }
    }

    /// No more attempts. The connection is the core's, which ends it with all others.
    func prepareToStop() {
        eventLoop.execute {
            self.isStopping = true
            self.retry?.cancel()
        }
    }

    /// Completes when the connection is gone.
    func stop() async {
        let ended = eventLoop.flatSubmit {
            self.isStopping = true
            self.retry?.cancel()
            return self.channel?.closeFuture ?? self.eventLoop.makeSucceededVoidFuture()
        }
        try? await ended.get()
    }

    // MARK: Dialing

    private func dial() {
        guard !isStopping else { return }
        Task {
            do {
                let login = PeerLogin(
                    name: target.name, meta: meta, own: host.brokerNumber, numberKey: GatewayHost.brokerNumberKey,
                    credential: credential())
                let channel = try await connect(login)
                eventLoop.execute { self.connected(channel) }
            } catch {
                eventLoop.execute { self.failed(.unreachable(self.reason(error))) }
            }
        }
    }

    /// What the other broker writes down of this one.
    private var meta: [String: UInt64] {
        var meta = [GatewayHost.brokerNumberKey: UInt64(1)]
        let port = host.configuration.port
        if port > 0 { meta[host.certificates == nil ? "ws" : "wss"] = UInt64(port) }
        return meta
    }

    private func connect(_ login: PeerLogin) async throws -> any Channel {
        let url = target.url
        let makeLink: @Sendable (any Channel, LinkConfiguration) -> Link = { [self] _, configuration in
            let handshake = PeerHandshake(login) { link, outcome in self.loggedIn(link, outcome) }
            let link = host.makeLink(
                on: eventLoop, configuration, address: DialedPlace.text(url.host, url.port), delegate: handshake)
            let bound = NIOLoopBound((handshake, link), eventLoop: eventLoop)
            // The link is put on its channel first.
            eventLoop.execute { bound.value.0.begin(bound.value.1) }
            eventLoop.assumeIsolated().scheduleTask(in: Self.loginTimeout) { bound.value.0.giveUp(bound.value.1) }
            return link
        }
        if url.scheme == .tcp || url.scheme == .tls {
            return try await TCPDialer.connect(
                host: url.host, port: url.port, tls: tls, on: eventLoop, configuration: host.linkConfiguration,
                makeLink: makeLink)
        }
        return try await WebSocketDialer.connect(
            host: url.host, port: url.port, tls: tls, on: eventLoop, configuration: host.linkConfiguration,
            makeLink: makeLink)
    }

    private func reason(_ error: any Error) -> String {
        (error as? TLSFailure).map { "\($0)" } ?? ConnectFailure("\(target)", error).reason
    }

    private func connected(_ channel: any Channel) {
        self.channel = channel
        host.opened(channel)
        guard !isStopping else { return channel.close(promise: nil) }
        channel.closeFuture.assumeIsolated().whenComplete { _ in self.lost() }
    }

    // MARK: The link

    private func loggedIn(_ link: Link, _ outcome: Result<PeerLogin.Welcome, PeerFailure>) {
        let welcome: PeerLogin.Welcome
        switch outcome {
        case .failure(let failure): return report(failure)
        case .success(let answer): welcome = answer
        }
        let kind = TransportKind(rawValue: target.url.scheme.rawValue) ?? .ws
        let facts = ConnectionFacts(kind, isSecure: target.url.scheme.isSecure)
        guard let session = host.makeSession(on: link, facts: facts, broker: welcome.number) else {
            return link.close(code: 1001, reason: "broker is shutting down")
        }
        let bound = NIOLoopBound(session, eventLoop: eventLoop)
        // The other broker may be known here by several names, and several others by one: the URL tells them apart.
        session.logIn(.init(name: target.description, user: target.name, isProven: true, takesOver: true)) {
            result in
            switch result {
            case .success:
                self.linkedSince = .now()
                self.lastProblem = nil
                self.note(problem: nil)
                bound.value.startLink(welcome.exports)
            case .failure(let failure):
                self.report(.unusable(failure.reason))
                bound.value.close()
            }
        }
    }

    private func lost() {
        channel = nil
        // One that ends at once will do so again.
        if let since = linkedSince.take() {
            if .now() - since > Self.steadyTime { attempt = 0 }
            note(problem: "the connection has ended")
        }
        failed(nil)
    }

    /// There is no connection: says so when it is news, and tries again for ever.
    private func failed(_ failure: PeerFailure?) {
        guard !isStopping else { return }
        if let failure { report(failure) }
        attempt += 1
        let delay = TimeAmount(policy.delay(attempt: attempt))
        retry = eventLoop.assumeIsolated().scheduleTask(in: delay) { self.dial() }
    }

    private func note(problem: String?) {
        host.noteDialed(target.description, name: target.name, problem: problem)
    }

    private func report(_ failure: PeerFailure) {
        guard !isStopping else { return }
        note(problem: failure.description)
        guard lastProblem != failure.description else { return }
        lastProblem = failure.description
        host.logger.warning("no link with the broker \(target): \(failure); trying again")
    }
}
