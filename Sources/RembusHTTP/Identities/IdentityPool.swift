import Crypto
import NIOCore
import RembusBroker
import RembusListening
import RembusTransport

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The sessions that all HTTP connections of one event loop share: one session for each identity.
///
/// A request needs no session of its own. It goes through the port of its identity's session, which also reports its
/// outcome. Used on its event loop only; hence unchecked.
final class IdentityPool: @unchecked Sendable {
    let host: GatewayHost
    let eventLoop: any EventLoop
    var limits: BrokerLimits { host.limits }
    /// The memory that the connections of this event loop hold, and the requests that wait for memory.
    let memory: LoopMemory
    let requests: RoomQueue
    private let isSecure: Bool
    @exclusivity(unchecked) private var anonymous: IdentitySession?
    /// The sessions, by a hash of the credentials, so that no secret stays in memory. The client's host is part of the
    /// hash: when a host is blocked after too many wrong secrets, a session that another host has opened must not let
    /// it in.
    private var identities: [SHA256Digest: IdentitySession] = [:]
    private let salt = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
    /// The identity whose unit of work is open.
    @exclusivity(unchecked) private var active: IdentitySession?
    private var isSweeping = false

    /// How long a proof is valid. After a secret was changed or removed, requests may still use it for this time.
    private static let trust = TimeAmount.seconds(5)
    /// The most identities at a time.
    private static let maxIdentities = 4096

    init(host: GatewayHost, eventLoop: any EventLoop, isSecure: Bool) {
        self.host = host
        self.eventLoop = eventLoop
        self.isSecure = isSecure
        memory = host.memory(of: eventLoop) ?? LoopMemory(budget: host.memory)
        requests = RoomQueue(memory: memory, expectsAnswers: false)
    }

    var transport: TransportKind { isSecure ? .https : .http }

    // MARK: Identities

    /// Finds the session of a request's identity. `use` is called at once, or when the login is decided.
    func identity(for exchange: Exchange, _ use: @escaping (Result<IdentitySession, HTTPFailure>) -> Void) {
        let proof = exchange.header("authorization")
        let certificate = exchange.certificate
        if let certificate, host.isRemoved(certificate) { return use(.failure(Self.removed(certificate))) }
        guard proof != nil || certificate != nil else {
            return use(host.isAuthenticated ? .failure(Self.needsLogin) : anonymousSession())
        }
        let key = key(of: proof, certificate, exchange.host)
        if let identity = identities[key], identity.isUsable(rules: host.rulesVersion) {
            return identity.whenReady(use)
        }
        switch login(proof, certificate?.name) {
        case .failure(let failure): use(.failure(failure))
        case .success(let login):
            guard identities.count < Self.maxIdentities,
                let identity = makeSession(exchange.address, login.user, certificate)
            else {
                return use(.failure(.busy))
            }
            identity.key = key
            identities.updateValue(identity, forKey: key)?.retire()
            identity.logIn(login, validFor: Self.trust, rules: host.rulesVersion)
            identity.whenReady(use)
            sweepLater()
        }
    }

    /// The session that all requests without a name share.
    private func anonymousSession() -> Result<IdentitySession, HTTPFailure> {
        if let anonymous, anonymous.isOpen { return .success(anonymous) }
        anonymous = makeSession("all anonymous requests over \(transport.rawValue)", nil, nil)
        return anonymous.map { .success($0) } ?? .failure(.leaving)
    }

    private func makeSession(_ address: String, _ user: String?, _ certificate: ClientCertificate?) -> IdentitySession?
    {
        let identity = IdentitySession(pool: self, user: user)
        guard
            let port = host.makePort(
                on: eventLoop, address: address,
                facts: ConnectionFacts(transport, isSecure: isSecure, certificate: certificate), owner: identity)
        else { return nil }
        identity.port = port
        return identity
    }

    /// Removes an identity whose session has ended. Requests that are still open get their answers from it.
    func forget(_ identity: IdentitySession) {
        if anonymous === identity { anonymous = nil }
        if active === identity { active = nil }
        if let key = identity.key, identities[key] === identity { identities[key] = nil }
    }

    /// The login of a request's sender, for the session of a stream.
    func login(of exchange: Exchange) -> Result<GatewaySession.Login, HTTPFailure> {
        let proof = exchange.header("authorization")
        if let certificate = exchange.certificate, host.isRemoved(certificate) {
            return .failure(Self.removed(certificate))
        }
        guard proof != nil || exchange.certificate != nil else {
            return host.isAuthenticated
                ? .failure(Self.needsLogin) : .success(GatewaySession.Login(name: nil))
        }
        return login(proof, exchange.certificate?.name)
    }

    private func login(_ proof: String?, _ certificate: String?) -> Result<GatewaySession.Login, HTTPFailure> {
        guard let proof else {
            return .success(GatewaySession.Login(name: nil, user: certificate, isProven: true))
        }
        guard let credentials = Credentials(proof) else {
            return .failure(.unauthorized("the Authorization header is not `Basic` with base64 of name:secret"))
        }
        let isProven = credentials.secret == nil && credentials.user == certificate
        return .success(
            GatewaySession.Login(
                name: nil, user: credentials.user, secret: credentials.secret, isProven: isProven))
    }

    private func key(of proof: String?, _ certificate: ClientCertificate?, _ host: String) -> SHA256Digest {
        var hash = SHA256()
        salt.withUnsafeBytes { hash.update(bufferPointer: $0) }
        for var part in [proof, certificate?.name, certificate.map { "\($0.validFrom)" }, host] {
            // The lengths are hashed too, so that different parts cannot give the same bytes.
            withUnsafeBytes(of: part?.utf8.count ?? -1) { hash.update(bufferPointer: $0) }
            part?.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        }
        return hash.finalize()
    }

    private static let needsLogin = HTTPFailure.unauthorized(
        "this broker wants to know who asks: send Basic authentication with a name and its shared secret")

    private static func removed(_ certificate: ClientCertificate) -> HTTPFailure {
        .forbidden(BrokerText.removedCertificate(certificate.name))
    }

    /// Ends the sessions of identities that were not proven lately and have no open requests.
    private func sweepLater() {
        guard !isSweeping else { return }
        isSweeping = true
        eventLoop.assumeIsolated().scheduleTask(in: Self.trust) { [self] in
            isSweeping = false
            let rules = host.rulesVersion
            for (key, identity) in identities where !identity.isUsable(rules: rules) {
                identities[key] = nil
                identity.retire()
            }
            if !identities.isEmpty { sweepLater() }
        }
    }

    // MARK: Memory

    private var isWaitingForRoom = false

    /// Starts a request when there is memory for its answer. Calls `giveUp` instead when there is none in time.
    func wait(_ start: @escaping () -> Void, giveUp: @escaping () -> Void) {
        requests.wait(
            until: eventLoop.now + TimeAmount(host.configuration.requestTimeout), start: start, giveUp: giveUp)
        proceedLater()
    }

    /// Records that a request was answered.
    func ended(answerBytes: Int) {
        requests.ended(answerBytes: answerBytes)
        proceedLater()
    }

    private func proceedLater() {
        guard requests.isWaiting, !isWaitingForRoom else { return }
        isWaitingForRoom = true
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(20)) { [self] in
            isWaitingForRoom = false
            requests.proceed(now: eventLoop.now)
            endWork()
            proceedLater()
        }
    }

    // MARK: Units of work

    /// Opens a unit of work for an identity. It ends with the current read or callback.
    func worked(_ identity: IdentitySession) {
        if let active, active !== identity { active.port?.endWork() }
        active = identity
    }

    func endWork() {
        guard let active else { return }
        self.active = nil
        active.port?.endWork()
    }

    // MARK: Time

    private var dateSecond: time_t = 0
    private var dateText = ""

    /// The time in the format of HTTP, made once per second.
    var date: String {
        let now = time(nil)
        guard now != dateSecond else { return dateText }
        dateSecond = now
        var (second, parts) = (now, tm())
        gmtime_r(&second, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        dateText =
            "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
        return dateText
    }
}

extension Exchange {
    /// Calls `serve` with the session of the request's sender, or answers why there is none.
    func asIdentity(_ serve: @escaping (IdentitySession) -> Void) {
        pool.identity(for: self) { [self] identity in
            switch identity {
            case .failure(let failure): fail(failure)
            case .success(let identity): serve(identity)
            }
        }
    }
}
