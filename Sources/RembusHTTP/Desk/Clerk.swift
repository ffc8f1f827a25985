import NIOCore
import NIOHTTP1
import RembusBroker
import RembusTransport
import RembusTrust
import RembusWire

/// The session of one identity at a desk: hands requests over as messages and brings the answers back.
final class Clerk: LinkSink {
    /// What became of a message.
    enum Outcome {
        /// The status of the response and its data, a CBOR item.
        case answered(StatusCode, ByteBuffer)
        case acknowledged
        case failed(HTTPFailure)
    }

    typealias Completion = (Outcome) -> Void

    let user: String?
    private unowned let desk: Desk
    var session: DoorSession?

    private enum State {
        case loggingIn
        case ready
        case refused(HTTPFailure)
    }

    private var state = State.ready
    private var readers: [(Result<Clerk, HTTPFailure>) -> Void] = []
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
    private var postponed: [() -> Void] = []
    @exclusivity(unchecked) private var frame = ByteBuffer()

    init(desk: Desk, user: String?) {
        self.desk = desk
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

    func logIn(_ login: DoorSession.Login, validFor time: TimeAmount, rules: UInt64) {
        state = .loggingIn
        self.rules = rules
        let this = NIOLoopBound(self, eventLoop: desk.eventLoop)
        session?.logIn(login) { result in
            let clerk = this.value
            clerk.validUntil = .now() + time
            switch result {
            case .success: clerk.state = .ready
            case .failure(let failure):
                clerk.state = .refused(HTTPFailure(failure))
                // A failure is not remembered: the next request asks again, and counts.
                clerk.isRetired = true
            }
            // Behind the end of the login, which is still being worked on.
            clerk.desk.eventLoop.execute { this.value.tellReaders() }
        }
    }

    private func tellReaders() {
        let waiting = readers
        readers = []
        for use in waiting { whenReady(use) }
        desk.endWork()
        if isRetired { retire() }
    }

    func whenReady(_ use: @escaping (Result<Clerk, HTTPFailure>) -> Void) {
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
    }

    // MARK: Messages

    /// Publishes; `completion` for QoS 1 and 2 comes with the broker's acknowledgement, else at once.
    func publish(_ topic: String, _ arguments: Arguments, qos: QoS, _ completion: @escaping Completion) {
        guard isReady(completion) else { return }
        guard !isPaused else {
            return postpone(completion) { self.publish(topic, arguments, qos: qos, completion) }
        }
        guard let session else { return completion(.failed(.leaving)) }
        if let failure = topicFailure(topic) { return completion(.failed(failure)) }
        guard session.may(.publish, topic) else {
            session.deny(.publish, topic)
            return completion(.failed(HTTPFailure(.error, .text("unauthorized"))))
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
        if id == nil { completion(.acknowledged) }
    }

    /// The broker may forget the id of a publication once it is known that its acknowledgement has come.
    private func confirming(_ id: UInt64, _ completion: @escaping Completion) -> Completion {
        { [unowned self] outcome in
            if case .acknowledged = outcome, let session {
                session.receive(.ack2(MessageID(littleEndian: id)))
                worked()
            }
            completion(outcome)
        }
    }

    /// Calls a method, of any component that exposes it or of `target`.
    func call(_ topic: String, target: String? = nil, _ arguments: Arguments, _ completion: @escaping Completion) {
        guard isReady(completion) else { return }
        guard !isPaused else {
            return postpone(completion) { self.call(topic, target: target, arguments, completion) }
        }
        guard let session else { return completion(.failed(.leaving)) }
        let id = makeID()
        frame.clear()
        frame.startMessage(.request, elements: 5, id: MessageID(littleEndian: id))
        frame.writeCBORText(topic)
        if let target { frame.writeCBORText(target) } else { frame.writeCBORNull() }
        if let failure = finishFrame(arguments) { return completion(.failed(failure)) }
        pending[id] = completion
        hand(session)
    }

    /// Sends an administrator's command.
    func administer(topic: String, _ data: Value, _ completion: @escaping Completion) {
        guard isReady(completion) else { return }
        guard !isPaused else { return postpone(completion) { self.administer(topic: topic, data, completion) } }
        guard let session else { return completion(.failed(.leaving)) }
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
        guard pending.count < desk.limits.maxCalls else {
            completion(.failed(.busy))
            return false
        }
        return true
    }

    private func topicFailure(_ topic: String) -> HTTPFailure? {
        let length = topic.utf8.count
        guard length > 0, length <= desk.limits.maxTopicBytes else {
            return .malformed("the topic has \(length) bytes; 1 to \(desk.limits.maxTopicBytes) are allowed")
        }
        guard !TopicPattern.isPattern(topic) else {
            return .malformed("nothing can be published to a pattern: \(topic)")
        }
        guard topic.utf8.count(where: { $0 == UInt8(ascii: "/") }) < desk.limits.maxTopicSegments else {
            return .malformed("the topic has more than \(desk.limits.maxTopicSegments) segments")
        }
        return nil
    }

    private func finishFrame(_ arguments: Arguments) -> HTTPFailure? {
        if let failure = arguments.write(into: &frame, limits: desk.limits) { return failure }
        return frame.readableBytes <= desk.limits.maxMessageBytes ? nil : .tooLarge(desk.limits.maxMessageBytes)
    }

    private func hand(_ session: DoorSession) {
        frame.withUnsafeReadableBytes { session.receive($0) }
        // A large message is no reason to keep as much memory.
        if frame.capacity > 1 << 20 { frame = ByteBuffer() }
        worked()
    }

    private func worked() {
        desk.worked(self)
    }

    private func makeID() -> UInt64 {
        nextID &+= 1
        return nextID
    }

    private func postpone(_ completion: Completion, _ work: @escaping () -> Void) {
        guard postponed.count < desk.limits.maxCalls else { return completion(.failed(.busy)) }
        postponed.append(work)
    }

    /// The store may not take a publication, and then says nothing.
    private func expire(_ id: UInt64) {
        let timeout = TimeAmount(desk.host.configuration.requestTimeout)
        desk.eventLoop.assumeIsolated().scheduleTask(in: timeout) { [weak self] in
            guard let completion = self?.pending.removeValue(forKey: id) else { return }
            completion(
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
            desk.endWork()
        }
        isDelivering = false
        if isRetired { retire() }
    }

    func link(_ link: Link, reads isReading: Bool) {
        isPaused = !isReading
        guard isReading, !postponed.isEmpty else { return }
        // Not from inside whatever has decided this.
        let this = NIOLoopBound(self, eventLoop: desk.eventLoop)
        desk.eventLoop.execute {
            let clerk = this.value
            while !clerk.isPaused, !clerk.postponed.isEmpty { clerk.postponed.removeFirst()() }
            clerk.desk.endWork()
        }
    }

    func link(_ link: Link, closes reason: LinkCloseReason) {
        session = nil
        // The sessions of a broker that stops end together; what is asked of them from here on would be lost.
        let (lost, late) = (pending.values.map { $0 }, postponed)
        pending = [:]
        postponed = []
        let this = NIOLoopBound((self, lost, late), eventLoop: desk.eventLoop)
        desk.eventLoop.execute {
            let (clerk, lost, late) = this.value
            let done = clerk.answers
            clerk.answers = []
            for (completion, outcome) in done { completion(outcome) }
            for completion in lost { completion(.failed(.leaving)) }
            for work in late { work() }
        }
    }
}
