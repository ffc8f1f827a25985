import Logging
import NIOCore
import RembusTransport

extension Session {
    /// A WebSocket is open; its link goes on the pipeline now.
    func attach(_ channel: any Channel, _ configuration: LinkConfiguration, peer: String) -> Link {
        let link = Link(
            role: .client, group: group, configuration: configuration, remoteAddress: peer, delegate: self)
        if case .closed = phase { return link }
        phase = .greeting(link)
        self.channel = channel
        dialect = JSONDialect()
        return link
    }

    /// Logs in on the link that was attached. `completion` gets the error that ended the attempt, if any.
    func logIn(_ completion: @escaping @Sendable (RembusError?) -> Void) {
        guard case .greeting(let link) = phase else {
            return completion(lossError)
        }
        // An anonymous component sends no Identity at all (protocol.md §7.1).
        guard let name else {
            becomeReady(link)
            return completion(nil)
        }
        let id = ids.next()
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let call = PendingCall(
            subject: .login, deadline: .now() + TimeAmount(bounded: settings.requestTimeout),
            timeout: settings.requestTimeout,
            completion: .handler { result in completion(bound.value.finishLogin(result)) })
        begin(call, id: id, message: .identity(.init(id: MessageID(littleEndian: id), name: name)), on: link)
        group.flush()
    }

    private func finishLogin(_ result: Result<Reply, RembusError>) -> RembusError? {
        switch result {
        case .failure(let error):
            dropGreeting()
            return error
        case .success(let reply):
            if let error = refusal(reply) {
                dropGreeting()
                return error
            }
            guard case .greeting(let link) = phase else { return lossError }
            becomeReady(link)
            return nil
        }
    }

    private func dropGreeting() {
        guard case .greeting(let link) = phase else { return }
        phase = .offline
        link.close(code: 1000, reason: "login failed")
    }

    private func refusal(_ reply: Reply) -> RembusError? {
        switch reply.status {
        case .ok: return nil
        case .challenge: return Self.challengeError
        default:
            let text = (try? reply.data.value)?.stringValue
            let detail = text.map { ": \($0)" } ?? " with status \(reply.status.rawValue)"
            return RembusError(
                text == Self.alreadyConnected ? .nameInUse : .loginRefused,
                "The broker refused the name \(name ?? "")\(detail).")
        }
    }

    /// What brokers say when the name is connected already (protocol.md §7.2).
    static let alreadyConnected = "already connected"

    static var challengeError: RembusError {
        RembusError(
            .authenticationRequired,
            "The broker asks for a proof of identity: authentication is not built in yet. Use a name without a key.")
    }

    /// The broker of authenticated mode sends its challenge before anything else (protocol.md §7.3).
    func challenged() {
        switch phase {
        case .greeting: failCalls(Self.challengeError)
        case .ready: close(Self.challengeError)
        case .offline, .closed: break
        }
    }

    /// The broker knows us: everything that it forgot is said again, then what it did not acknowledge.
    private func becomeReady(_ link: Link) {
        phase = .ready(link)
        restore(on: link)
        resumePublications(on: link)
        group.flush()
        submissions.setAvailability(.connected)
        states.set(.connected)
    }

    // MARK: The end of a connection

    func lost(_ reason: LinkCloseReason) {
        switch phase {
        case .closed, .offline: return
        case .greeting:
            phase = .offline
            failCalls()
        case .ready:
            phase = .offline
            submissions.setAvailability(.offline)
            failCalls()
            // A component that was replaced must stay away (protocol.md §1.1).
            if reason.isRemote, reason.code == Self.overwritten {
                return close(
                    RembusError(.closed, "The broker closed the connection: another component took over the name."))
            }
            logger.info("connection lost", metadata: ["reason": "\(reason)"])
            onLoss?(reason)
        }
    }

    static let overwritten: UInt16 = 4000

    /// The end of the component. What callers queued before still goes out.
    func close(_ reason: RembusError?) {
        if case .closed = phase { return }
        let link: Link? =
            switch phase {
            case .ready(let link), .greeting(let link): link
            case .offline, .closed: nil
            }
        phase = .closed(reason)
        onLoss = nil
        submissions.setAvailability(.closed(reason))
        link?.close(code: 1000, reason: "")
        failCalls()
        failPublications()
        stopTimer()
        for subscription in subscriptions.values { subscription.queue.removeSource() }
        subscriptions = [:]
        services = [:]
        recentTopic = nil
        states.set(.closed(reason))
        onEnd?()
        onEnd = nil
    }
}
