import Crypto
import NIOCore
import NIOHTTP1
import RembusBroker
import RembusTransport
import RembusTrust
import RembusWire

/// The session of one identity in a pool: hands requests over as messages and brings the answers back.
final class IdentitySession: LinkSink {
    /// What became of a message.
    enum Outcome {
        /// The status of the response and its data, a CBOR item.
        case answered(StatusCode, ByteBuffer)
        case acknowledged
        case failed(HTTPFailure)
    }

    typealias Completion = (Outcome) -> Void

    let user: String?
    /// The pool knows its sessions too: ``IdentityPool/forget(_:)`` ends the cycle when the session ends.
    let pool: IdentityPool
    var session: GatewaySession?
    /// Under which the pool finds it; nil for the session of anonymous requests.
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

    private var pending: [UInt64: Completion] = [:]
    /// Random in its upper half, so that ids of different sessions differ.
    private var nextID = UInt64.random(in: .min ... .max) & ~0xFFFF_FFFF
    /// Answers that came since the last flush: what they lead to must not be sent from inside the sink.
    private var answers: [(completion: Completion, outcome: Outcome)] = []
    private var isDelivering = false
    /// The broker takes nothing from this session for the moment.
    private var isPaused = false
    private var postponed: [Postponed] = []
    private var postponedCount = 0

    /// What is handed over when the broker takes more.
    private struct Postponed {
        let number: Int
        let work: () -> Void
        let completion: Completion
    }

    @exclusivity(unchecked) var frame = ByteBuffer()

    init(pool: IdentityPool, user: String?) {
        self.pool = pool
        self.user = user
    }

    var isOpen: Bool { session?.link.isOpen ?? false }

    // MARK: Login

    func isUsable(rules: UInt64) -> Bool {
        guard !isRetired, isOpen else { return false }
        if case .loggingIn = state { return true }
        guard let validUntil else { return true }
        return rules == self.rules && .now() < validUntil
    }

    func logIn(_ login: GatewaySession.Login, validFor time: TimeAmount, rules: UInt64) {
        state = .loggingIn
        self.rules = rules
        let this = NIOLoopBound(self, eventLoop: pool.eventLoop)
        session?.logIn(login) { result in
            let identity = this.value
            identity.validUntil = .now() + time
            switch result {
            case .success: identity.state = .ready
            case .failure(let failure):
                identity.state = .refused(HTTPFailure(failure))
                // A failure is not remembered: the next request asks again, and counts.
                identity.isRetired = true
            }
            // Behind the end of the login, which is still being worked on.
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

    /// Ends the session as soon as nothing waits for it.
    func retire() {
        isRetired = true
        guard pending.isEmpty, postponed.isEmpty, readers.isEmpty, answers.isEmpty else { return }
        session?.close()
        session = nil
        pool.forget(self)
    }

    // MARK: Messages

    /// Publishes; `completion` for QoS 1 and 2 comes with the broker's acknowledgement, else at once.
    func publish(
        _ topic: String, _ arguments: Arguments, qos: QoS, from exchange: Exchange, _ completion: @escaping Completion
    ) {
        guard isReady(completion) else { return }
        guard !isPaused else {
            return postpone(completion) { self.publish(topic, arguments, qos: qos, from: exchange, completion) }
        }
        guard let session else { return completion(.failed(.leaving)) }
        session.attribute(to: exchange.findAddress)
        if let failure = topicFailure(topic) { return completion(.failed(failure)) }
        guard session.may(.publish, topic) else {
            session.deny(.publish, topic)
            return completion(.failed(HTTPFailure(.error, .text(session.refusalText(.publish, topic)))))
        }
        frame.clear()
        let id = qos == .atMostOnce ? nil : makeID()
        if let id {
            frame.startMessage(
                .publish, flags: PublishFlags(qos: qos).rawValue, elements: 4, id: MessageID(littleEndian: id))
        } else {
            frame.startMessage(.publish, elements: 3)
        }
        frame.writeCBORText(topic)
        if let failure = finishFrame(arguments) { return completion(.failed(failure)) }
        if let id {
            pending[id] = qos == .exactlyOnce ? confirming(id, completion) : completion
            expire(id)
        }
        hand(session)
        // Most refusals are answered, as those of other connections are; one for want of room is not.
        if let refusal = session.takeRefusal(), id.map({ pending[$0] != nil }) ?? true {
            if let id { pending[id] = nil }
            return completion(.failed(HTTPFailure(refusal)))
        }
        if id == nil { completion(.acknowledged) }
    }

    /// The broker may forget the id of a publication once it is known that its acknowledgement has come.
    private func confirming(_ id: UInt64, _ completion: @escaping Completion) -> Completion {
        { [weak self] outcome in
            if case .acknowledged = outcome, let self, let session {
                session.receive(.ack2(MessageID(littleEndian: id)))
                worked()
            }
            completion(outcome)
        }
    }

    /// Calls a method, of any component that exposes it or of `target`; `timeout` in milliseconds is how long the caller
    /// waits, if it says so.
    func call(
        _ topic: String, target: String? = nil, _ arguments: Arguments, timeout: UInt64? = nil,
        from exchange: Exchange, _ completion: @escaping Completion
    ) {
        guard isReady(completion) else { return }
        guard !isPaused else {
            return postpone(completion) {
                self.call(topic, target: target, arguments, timeout: timeout, from: exchange, completion)
            }
        }
        guard let session else { return completion(.failed(.leaving)) }
        session.attribute(to: exchange.findAddress)
        let id = makeID()
        frame.clear()
        frame.startMessage(.request, elements: timeout == nil ? 5 : 6, id: MessageID(littleEndian: id))
        frame.writeCBORText(topic)
        if let target { frame.writeCBORText(target) } else { frame.writeCBORNull() }
        if let failure = finishFrame(arguments) { return completion(.failed(failure)) }
        if let timeout { RequestOptions(timeout: timeout).encodeCBOR(into: &frame) }
        pending[id] = completion
        exchange.whenGone.append { [weak self] in self?.session?.cancelCall(MessageID(littleEndian: id)) }
        hand(session)
    }

    /// Sends an administrator's command.
    func administer(topic: String, _ data: Value, from exchange: Exchange, _ completion: @escaping Completion) {
        guard isReady(completion) else { return }
        guard !isPaused else {
            return postpone(completion) { self.administer(topic: topic, data, from: exchange, completion) }
        }
        guard let session else { return completion(.failed(.leaving)) }
        session.attribute(to: exchange.findAddress)
        let id = makeID()
        pending[id] = completion
        session.receive(.admin(Message.Admin(id: MessageID(littleEndian: id), topic: topic, data: data)))
        worked()
    }

    private func isReady(_ completion: Completion) -> Bool {
        guard isOpen else {
            completion(.failed(.leaving))
            return false
        }
        guard pending.count < pool.limits.maxCalls else {
            completion(.failed(.busy))
            return false
        }
        return true
    }

    private func hand(_ session: GatewaySession) {
        frame.withUnsafeReadableBytes { session.receive($0) }
        // A large message is no reason to keep as much memory.
        if frame.capacity > 1 << 20 { frame = ByteBuffer() }
        worked()
    }

    private func worked() {
        pool.worked(self)
    }

    private func makeID() -> UInt64 {
        nextID &+= 1
        return nextID
    }

    private func postpone(_ completion: @escaping Completion, _ work: @escaping () -> Void) {
        guard postponed.count < pool.limits.maxCalls else { return completion(.failed(.busy)) }
        postponedCount += 1
        let number = postponedCount
        postponed.append(Postponed(number: number, work: work, completion: completion))
        // A store that is full holds its publishers until it has room, which may be never.
        after(pool.host.configuration.requestTimeout) { [weak self] in
            guard let self, let index = postponed.firstIndex(where: { $0.number == number }) else { return }
            postponed.remove(at: index).completion(.failed(.noRoom))
        }
    }

    private func after(_ time: Duration, _ body: @escaping () -> Void) {
        pool.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time), body)
    }

    /// The store may not take a publication, and then says nothing.
    private func expire(_ id: UInt64) {
        after(pool.host.configuration.requestTimeout) { [weak self] in
            self?.pending.removeValue(forKey: id)?(
                .failed(
                    HTTPFailure(
                        .gatewayTimeout, "the broker did not acknowledge the publication in time", code: .timeout)))
        }
    }

    // MARK: Answers

    func link(_ link: Link, sends message: UnsafeRawBufferPointer) {
        guard case .regular(let header) = FrameHeader.parse(message),
            let id = header.id(in: message)?.littleEndianValue, let completion = pending.removeValue(forKey: id)
        else { return }
        switch header.kind {
        case .response:
            let data = UnsafeRawBufferPointer(rebasing: message[header.payloadOffset..<header.end])
            answers.append(
                (completion, .answered(StatusCode(rawValue: header.status), ByteBuffer(bytes: data))))
        case .ack:
            answers.append((completion, .acknowledged))
        default: break
        }
    }

    func linkFlushes(_ link: Link) {
        // An answer can let the next request of a connection go, which is answered at once: a loop, not a recursion.
        guard !isDelivering else { return }
        isDelivering = true
        while !answers.isEmpty {
            let done = answers
            answers = []
            for (completion, outcome) in done { completion(outcome) }
            pool.endWork()
        }
        isDelivering = false
        if isRetired { retire() }
    }

    func link(_ link: Link, reads isReading: Bool) {
        isPaused = !isReading
        guard isReading, !postponed.isEmpty else { return }
        // Not from inside whatever has decided this.
        let this = NIOLoopBound(self, eventLoop: pool.eventLoop)
        pool.eventLoop.execute {
            let identity = this.value
            while !identity.isPaused, !identity.postponed.isEmpty { identity.postponed.removeFirst().work() }
            identity.pool.endWork()
        }
    }

    func link(_ link: Link, closes reason: LinkCloseReason) {
        session = nil
        pool.forget(self)
        // The sessions of a broker that stops end together; what is asked of them from here on would be lost.
        let (lost, late) = (pending.values.map { $0 }, postponed)
        pending = [:]
        postponed = []
        let this = NIOLoopBound((self, lost, late), eventLoop: pool.eventLoop)
        pool.eventLoop.execute {
            let (identity, lost, late) = this.value
            let done = identity.answers
            identity.answers = []
            for (completion, outcome) in done { completion(outcome) }
            for completion in lost { completion(.failed(.leaving)) }
            for each in late { each.work() }
        }
    }
}
