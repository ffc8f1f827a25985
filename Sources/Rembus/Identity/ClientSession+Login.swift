import Logging
import NIOCore
import RembusIdentity
import RembusTransport

/// The login of protocol.md §7, on a new link.
///
/// In free mode the component states its name, which the broker accepts or challenges. In authenticated mode the broker
/// sends a challenge first. The component need not know the mode: it acts on what comes first.
extension ClientSession {
    /// Logs in. `completion` gets the error that ended the attempt; nil on success.
    func logIn(_ credential: FoundCredential, _ completion: @escaping @Sendable (RembusError?) -> Void) {
        guard case .greeting(let link) = phase else { return completion(lossError) }
        // An anonymous component sends no Identity (protocol.md §7.1).
        guard let name else { return startAnonymously(link, completion) }
        login = ClientLogin(credential: credential, completion: completion)
        if let challenge = earlyChallenge {
            prove(challenge, replyingTo: .connection)
        } else if settings.isAuthenticated {
            wait(for: .challenge, id: .connection)
        } else {
            let id = MessageID(littleEndian: ids.next())
            wait(for: .identity, id: id)
            send(.identity(.init(id: id, name: name)), on: link)
        }
        group.flush()
    }

    /// Starts a component without a name. It has no login, so it asks for the broker's name to make sure that the peer
    /// is a broker.
    private func startAnonymously(_ link: Link, _ completion: @escaping @Sendable (RembusError?) -> Void) {
        // The registration that follows gets an answer of its own. In authenticated mode the broker answers nothing
        // else.
        guard !ignoresChallenges else {
            becomeReady(link)
            return completion(nil)
        }
        greeting = completion
        guard earlyChallenge == nil else { return finishGreeting(Self.anonymityError) }
        let (id, bound) = (ids.next(), NIOLoopBound(self, eventLoop: eventLoop))
        let call = PendingCall(
            subject: .login, deadline: .now() + TimeAmount(bounded: settings.requestTimeout),
            timeout: CallTimeout(nil, setting: settings.requestTimeout),
            completion: .handler { result in
                switch result {
                // Any answer proves that the broker speaks Rembus. Its content is not used.
                case .success: bound.value.finishGreeting(nil)
                case .failure(let error): bound.value.finishGreeting(error)
                }
            })
        begin(call, id: id, message: .request(.init(id: MessageID(littleEndian: id), topic: "rid")), on: link)
        group.flush()
    }

    private func finishGreeting(_ error: RembusError?) {
        guard let completion = greeting else { return }
        greeting = nil
        guard error == nil, case .greeting(let link) = phase else {
            dropGreeting()
            calls = [:]
            noteInFlight()
            return completion(error ?? lossError)
        }
        earlyChallenge = nil
        becomeReady(link)
        completion(nil)
    }

    /// Handles a challenge outside of a login: the broker is in authenticated mode (protocol.md §7.3).
    func challenged(_ reply: Reply) {
        let challenge = (try? reply.data.value) ?? .null
        switch phase {
        case .greeting where login != nil: prove(challenge, replyingTo: .connection)
        case .greeting where greeting != nil: finishGreeting(Self.anonymityError)
        case .greeting: earlyChallenge = challenge
        case .ready where name == nil && !ignoresChallenges: close(Self.anonymityError)
        case .ready, .offline, .closed: logger.debug("ignored a challenge")
        }
    }

    // MARK: Steps

    private func wait(for step: ClientLogin.Step, id: MessageID) {
        guard let key = id.littleEndianValue else { return }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let call = PendingCall(
            subject: .login, deadline: .now() + TimeAmount(bounded: settings.requestTimeout),
            timeout: CallTimeout(nil, setting: settings.requestTimeout),
            completion: .handler { result in bound.value.advance(from: step, result) })
        register(call, id: key)
    }

    private func advance(from step: ClientLogin.Step, _ result: Result<Reply, RembusError>) {
        // An earlier answer has ended the login.
        guard login != nil else { return }
        switch (result, step) {
        case (.failure(let error), .challenge) where error.code == .timeout: finishLogin(noChallengeError)
        case (.failure(let error), _): finishLogin(error)
        case (.success(let reply), .challenge) where reply.status == .challenge:
            prove((try? reply.data.value) ?? .null, replyingTo: .connection)
        case (.success(let reply), _) where reply.status == .challenge:
            prove((try? reply.data.value) ?? .null, replyingTo: MessageID(littleEndian: ids.next()))
        case (.success(let reply), .challenge) where reply.status == .ok: finishLogin(noChallengeError)
        case (.success(let reply), _): finishLogin(reply.status == .ok ? nil : refusal(reply))
        }
    }

    /// Answers a challenge with an Attestation (protocol.md §7.4).
    private func prove(_ challenge: Value, replyingTo id: MessageID) {
        guard case .greeting(let link) = phase, let name, var login else { return }
        login.proofs += 1
        self.login = login
        do throws(RembusError) {
            let signature = try signature(for: challenge, name, login)
            wait(for: .attestation, id: id)
            send(.attestation(.init(id: id, name: name, signature: ByteBuffer(bytes: signature))), on: link)
            group.flush()
        } catch {
            finishLogin(error)
        }
    }

    private func signature(for challenge: Value, _ name: String, _ login: ClientLogin) throws(RembusError) -> [UInt8] {
        let credential: Credential?
        do throws(IdentityError) {
            credential = try login.credential.result.get()
        } catch {
            throw RembusError(.keyFile, error.message)
        }
        guard let credential else { throw noCredentialError(login) }
        guard let bytes = challenge.bytesValue, (1...ClientLogin.maxChallengeBytes).contains(bytes.readableBytes),
            login.proofs <= ClientLogin.maxProofs
        else {
            throw RembusError(.loginRefused, "The broker asked for a proof of identity in a way that makes no sense.")
        }
        do throws(IdentityError) {
            return try credential.signature(challenge: Array(bytes.readableBytesView), name: name)
        } catch {
            throw RembusError(.authenticationFailed, error.message)
        }
    }

    private func finishLogin(_ error: RembusError?) {
        guard let completion = login?.completion else { return }
        let (link, failure): (Link?, RembusError?) =
            if case .greeting(let link) = phase { (link, error) } else { (nil, error ?? lossError) }
        if let failure {
            dropGreeting()
            endLogin()
            return completion(failure)
        }
        endLogin()
        link.map(becomeReady)
        completion(nil)
    }

    /// Fails open requests. Before the login is finished, only those of the login can be open.
    private func endLogin() {
        login = nil
        earlyChallenge = nil
        calls = [:]
        noteInFlight()
    }

    private func dropGreeting() {
        guard case .greeting(let link) = phase else { return }
        phase = .offline
        link.close(code: 1000, reason: "login failed")
    }
}

/// Why a login has failed, and what to do about it.
extension ClientSession {
    /// The beginning of the text with which brokers say that the name is connected already (protocol.md §7.2).
    static let alreadyConnected = "already connected"

    /// The error for an answer that refuses the login.
    func refusal(_ reply: Reply) -> RembusError {
        let text = (try? reply.data.value)?.stringValue
        // The texts of brokers end with a full stop.
        let detail =
            text.map { ": \($0.hasSuffix(".") ? String($0.dropLast()) : $0)" }
            ?? " (\(reply.status.rawValue)) without a reason; see its log"
        let name = name ?? ""
        let isTaken = text?.hasPrefix(Self.alreadyConnected) == true
        guard let login, login.proofs > 0, !isTaken else {
            guard isTaken else {
                return RembusError(.loginRefused, "The broker refused the name `\(name)`\(detail).")
            }
            return RembusError(
                .nameInUse,
                "Another connection uses the name `\(name)` at the moment. End it, or choose another name.")
        }
        let place = login.credential.path.map { "The key in \($0)" } ?? "The credential of the configuration"
        return RembusError(
            .authenticationFailed,
            "The broker did not accept the proof that this is \(name)\(detail). \(place) may not be the registered one."
        )
    }

    private func noCredentialError(_ login: ClientLogin) -> RembusError {
        let place = login.credential.path.map { "put it into \($0)" } ?? "give it in the configuration"
        return RembusError(
            .authenticationRequired,
            "The broker asks for a proof that this is \(name ?? ""), but there is no key here: register the name, or \(place)."
        )
    }

    private var noChallengeError: RembusError {
        RembusError(
            .timeout,
            "The broker sent no challenge within \(settings.requestTimeout.seconds) s: it is not in authenticated mode. "
                + "Change that, or do not ask the component to be authenticated.")
    }

    private static var anonymityError: RembusError {
        RembusError(
            .authenticationRequired,
            "The broker accepts only components that prove their identity: connect with a name that has a key.")
    }
}
