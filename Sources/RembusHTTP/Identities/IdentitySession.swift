import Crypto
import NIOCore
import NIOHTTP1
import RembusBroker
import RembusTransport
import RembusTrust
import RembusWire

/// The session of one identity in a pool, with the requests that wait until the broker accepts more.
final class IdentitySession {
    /// The outcome of a request.
    enum Outcome {
        /// The status and the data of the answer.
        case answered(StatusCode, AnswerData)
        case acknowledged
        case failed(HTTPFailure)
    }

    typealias Completion = (Outcome) -> Void

    let user: String?
    /// The pool refers to its sessions too. ``IdentityPool/forget(_:)`` breaks this cycle when the session ends.
    let pool: IdentityPool
    /// The port to the broker; nil when the session has ended.
    var port: RequestPort?
    /// The key in the pool; nil for the session of anonymous requests.
    var key: SHA256Digest?

    private enum State {
        case loggingIn
        case ready
        case refused(HTTPFailure)
    }

    private var state = State.ready
    private var readers: [(Result<IdentitySession, HTTPFailure>) -> Void] = []
    private var validUntil: NIODeadline?
    private var rules: UInt64 = 0
    private var isRetired = false

    private var postponed: [Postponed] = []
    private var postponedCount = 0

    /// A request that waits until the broker accepts more.
    private struct Postponed {
        let number: Int
        let work: () -> Void
        let completion: Completion
    }

    init(pool: IdentityPool, user: String?) {
        self.pool = pool
        self.user = user
    }

    var isOpen: Bool { port?.isOpen ?? false }
    /// The identity that the rules check; nil when the session has ended.
    var principal: Principal? { port?.principal }

    // MARK: Login

    func isUsable(rules: UInt64) -> Bool {
        guard !isRetired, isOpen else { return false }
        if case .loggingIn = state { return true }
        guard let validUntil else { return true }
        return rules == self.rules && pool.eventLoop.now < validUntil
    }

    func logIn(_ login: GatewaySession.Login, validFor time: TimeAmount, rules: UInt64) {
        state = .loggingIn
        self.rules = rules
        let this = NIOLoopBound(self, eventLoop: pool.eventLoop)
        port?.logIn(login) { result in
            let identity = this.value
            identity.validUntil = identity.pool.eventLoop.now + time
            switch result {
            case .success: identity.state = .ready
            case .failure(let failure):
                identity.state = .refused(HTTPFailure(failure))
                // A failed login is not kept: the next request tries again, and counts as another attempt.
                identity.isRetired = true
            }
            // The completion is called during the login, so this waits for its end.
            identity.pool.eventLoop.execute { this.value.tellReaders() }
        }
    }

    private func tellReaders() {
        let waiting = readers
        readers = []
        for use in waiting { whenReady(use) }
        pool.endWork()
        if isRetired { retire() }
    }

    func whenReady(_ use: @escaping (Result<IdentitySession, HTTPFailure>) -> Void) {
        switch state {
        case .loggingIn: readers.append(use)
        case .ready: use(.success(self))
        case .refused(let failure): use(.failure(failure))
        }
    }

    /// Ends the session as soon as no request is open.
    func retire() {
        isRetired = true
        guard port?.isIdle != false, postponed.isEmpty, readers.isEmpty else { return }
        port?.close()
        port = nil
        pool.forget(self)
    }

    // MARK: Requests

    /// Publishes. `completion` is called at QoS 1 and 2 when the publication is on the disk, otherwise at once.
    func publish(
        _ topic: String, _ arguments: Arguments, qos: QoS, from exchange: Exchange, _ completion: @escaping Completion
    ) {
        guard let port = readyPort(completion) else { return }
        guard port.isTaking else {
            return postpone(completion) { self.publish(topic, arguments, qos: qos, from: exchange, completion) }
        }
        port.attribute(to: exchange.findAddress)
        var draft = port.draft(topic, qos: qos)
        if let failure = write(arguments, into: &draft.frame) {
            // A refusal because of the topic takes precedence over wrong arguments.
            let refusal = port.drop(draft, on: topic)
            return completion(.failed(refusal.map { failureOf($0, topic) } ?? failure))
        }
        pool.worked(self)
        port.publish(draft) { completion(self.outcome(of: $0, topic)) }
    }

    private func outcome(of outcome: PublishOutcome, _ topic: String) -> Outcome {
        switch outcome {
        case .accepted, .durable: .acknowledged
        case .refused(let refusal): .failed(failureOf(refusal, topic))
        case .noRoom: .failed(.noRoom)
        case .stopping: .failed(.stopping)
        case .unconfirmed: .failed(.unconfirmed)
        case .ended: .failed(.leaving)
        }
    }

    private func failureOf(_ refusal: PublishRefusal, _ topic: String) -> HTTPFailure {
        switch refusal {
        case .denied: HTTPFailure(.error, port?.denial(of: topic).map { .text($0) } ?? .null)
        case .unusableTopic(let objection): HTTPFailure(objection, topic, pool.limits)
        case .malformed: .malformed("the arguments cannot be passed on")
        }
    }

    /// Calls a method: of any component that exposes it, or of `target`. `timeout` is how long the caller waits, in
    /// milliseconds; nil if it sets no limit.
    func call(
        _ topic: String, target: String? = nil, _ arguments: Arguments, timeout: UInt64? = nil,
        from exchange: Exchange, _ completion: @escaping Completion
    ) {
        guard let port = readyPort(completion) else { return }
        guard port.isTaking else {
            return postpone(completion) {
                self.call(topic, target: target, arguments, timeout: timeout, from: exchange, completion)
            }
        }
        port.attribute(to: exchange.findAddress)
        var call = port.request(topic, target: target, timeout: timeout)
        if let failure = write(arguments, into: &call.frame) { return completion(.failed(failure)) }
        exchange.whenGone.append { [weak port, id = call.id] in port?.cancel(id) }
        pool.worked(self)
        port.call(call) { completion(Outcome($0)) }
    }

    /// Sends a command of an administrator.
    func administer(topic: String, _ data: Value, from exchange: Exchange, _ completion: @escaping Completion) {
        guard let port = readyPort(completion) else { return }
        guard port.isTaking else {
            return postpone(completion) { self.administer(topic: topic, data, from: exchange, completion) }
        }
        port.attribute(to: exchange.findAddress)
        pool.worked(self)
        port.administer(topic, data) { completion(Outcome($0)) }
    }

    private func readyPort(_ completion: Completion) -> RequestPort? {
        guard let port, port.isOpen else {
            completion(.failed(.leaving))
            return nil
        }
        guard port.openCount < pool.limits.maxCalls else {
            completion(.failed(.busy))
            return nil
        }
        return port
    }

    private func write(_ arguments: Arguments, into frame: inout ByteBuffer) -> HTTPFailure? {
        if let failure = arguments.write(into: &frame, limits: pool.limits) { return failure }
        return frame.readableBytes <= pool.limits.maxMessageBytes ? nil : .tooLarge(pool.limits.maxMessageBytes)
    }

    private func postpone(_ completion: @escaping Completion, _ work: @escaping () -> Void) {
        guard postponed.count < pool.limits.maxCalls else { return completion(.failed(.busy)) }
        postponedCount += 1
        let number = postponedCount
        postponed.append(Postponed(number: number, work: work, completion: completion))
        // A full store holds its publishers until it has room, which may never happen.
        let timeout = TimeAmount(pool.host.configuration.requestTimeout)
        pool.eventLoop.assumeIsolated().scheduleTask(in: timeout) { [weak self] in
            guard let self, let index = postponed.firstIndex(where: { $0.number == number }) else { return }
            postponed.remove(at: index).completion(.failed(.noRoom))
        }
    }
}

extension IdentitySession.Outcome {
    fileprivate init(_ outcome: RequestOutcome) {
        switch outcome {
        case .answered(let status, let data): self = .answered(status, data)
        case .ended: self = .failed(.leaving)
        }
    }
}

// MARK: Answers

extension IdentitySession: RequestPortOwner {
    func portAnswered(_ port: RequestPort) { pool.endWork() }

    func portRests(_ port: RequestPort) { if isRetired { retire() } }

    func port(_ port: RequestPort, takes isTaking: Bool) {
        guard isTaking, !postponed.isEmpty else { return }
        // This is called later, because the current call may come from inside of a decision about the session.
        let this = NIOLoopBound(self, eventLoop: pool.eventLoop)
        pool.eventLoop.execute {
            let identity = this.value
            while identity.port?.isTaking == true, !identity.postponed.isEmpty {
                identity.postponed.removeFirst().work()
            }
            identity.pool.endWork()
        }
    }

    func portEnds(_ port: RequestPort) {
        self.port = nil
        pool.forget(self)
    }

    /// When a broker stops, all sessions end together. Further requests to them would get no answer, so they fail.
    func portEnded(_ port: RequestPort) {
        let late = postponed
        postponed = []
        for each in late { each.work() }
    }
}
