package import NIOCore
package import RembusTransport
package import RembusTrust
package import RembusWire

/// A typed way into the broker, for a gateway whose requests are answered one by one: HTTP, methods in the process.
///
/// Publications, calls and commands go in as what they are, and what became of each comes to its completion, on the event
/// loop: at once when that is known at once, else at the end of the unit of work that has brought it. Acknowledgements come in
/// the order of the publications. Only on the event loop of its session.
package final class RequestPort {
    private(set) var session: GatewaySession?
    private var owner: (any RequestPortOwner)?
    private let timeout: TimeAmount
    /// Whether the broker takes something from this port now; what is handed over nevertheless may be refused.
    package private(set) var isTaking = true

    private struct Publication {
        let id: UInt64
        let isExactlyOnce: Bool
        let deadline: NIODeadline
        /// nil when its publisher has been told that it took too long.
        var completion: ((PublishOutcome) -> Void)?
    }

    /// Publications that wait for the disk, oldest first; those that took too long are at the front.
    private var publications = CircularBuffer<Publication>()
    private var lateCount = 0
    private static let maxLate = 256
    private var isWatching = false
    /// Calls and commands that wait for their answers.
    private var requests: [UInt64: (RequestOutcome) -> Void] = [:]
    /// Random in its upper half, so that ids of different sessions differ.
    private var lastID = UInt64.random(in: .min ... .max) & ~0xFFFF_FFFF

    private enum Answer {
        case publication((PublishOutcome) -> Void, PublishOutcome)
        case request((RequestOutcome) -> Void, RequestOutcome)

        func tell() {
            switch self {
            case .publication(let completion, let outcome): completion(outcome)
            case .request(let completion, let outcome): completion(outcome)
            }
        }
    }

    /// What came since the last flush: what it leads to must not be sent from inside the sink.
    private var answers: [Answer] = []
    private var isTelling = false
    /// Memory for the next frame.
    private var spare = ByteBuffer()

    init(owner: any RequestPortOwner, timeout: TimeAmount) {
        self.owner = owner
        self.timeout = timeout
    }

    func begin(_ session: GatewaySession) {
        self.session = session
        session.setAnswerSink(self)
    }

    // MARK: The session

    package var isOpen: Bool { session?.link.isOpen ?? false }
    /// Who the rules see; nil when the session has ended.
    package var principal: Principal? { session?.principal }
    /// Requests whose outcome is not known.
    package var openCount: Int { publications.count - lateCount + requests.count }
    /// Whether nothing is open, and everybody was told.
    package var isIdle: Bool { openCount == 0 && answers.isEmpty }

    package func logIn(
        _ login: GatewaySession.Login,
        _ completion: @escaping @Sendable (Result<Bool, GatewaySession.LoginFailure>) -> Void
    ) {
        session?.logIn(login, completion)
    }

    /// Says whom the requests from here on are from, for log and audit.
    package func attribute(to address: @escaping () -> String) { session?.attribute(to: address) }

    /// Ends a unit of work: behind every batch of requests.
    package func endWork() { session?.endWork() }

    /// Ends the session from this side.
    package func close() { session?.close() }

    // MARK: Publications

    /// A publication on its way into the broker: a frame without its arguments, which the gateway appends, a CBOR array.
    package struct Draft {
        package var frame: ByteBuffer
        fileprivate let id: UInt64
        fileprivate let qos: QoS
    }

    /// Begins a publication.
    package func draft(_ topic: String, qos: QoS) -> Draft {
        let id = qos == .atMostOnce ? 0 : makeID()
        var frame = takeFrame()
        if qos == .atMostOnce {
            frame.startMessage(.publish, elements: 3)
        } else {
            let flags = PublishFlags(qos: qos).rawValue
            frame.startMessage(.publish, flags: flags, elements: 4, id: MessageID(littleEndian: id))
        }
        frame.writeCBORText(topic)
        return Draft(frame: frame, id: id, qos: qos)
    }

    /// Publishes. `completion` is called at once for what is refused and at QoS 0, else when the disk has it.
    package func publish(_ draft: Draft, _ completion: @escaping (PublishOutcome) -> Void) {
        guard let session else { return completion(.ended) }
        let outcome = session.publish(draft.frame)
        giveBack(draft.frame)
        guard outcome == .accepted, draft.qos != .atMostOnce else { return completion(outcome) }
        publications.append(
            Publication(
                id: draft.id, isExactlyOnce: draft.qos == .exactlyOnce, deadline: session.eventLoop.now + timeout,
                completion: completion))
        watch()
    }

    /// Gives up a publication that has something wrong with it. What the broker would have had against it, which goes first,
    /// counts as if it had been published; nil when that is nothing.
    package func drop(_ draft: Draft, on topic: String) -> PublishRefusal? {
        giveBack(draft.frame)
        return session?.refusal(of: topic)
    }

    /// Why this identity may not publish on a topic, in a sentence.
    package func denial(of topic: String) -> String? { session?.session.refusalText(.publish, topic) }

    /// Writes down that this identity may not do something for another component.
    package func deny(_ action: TrustAction, _ topic: String, for other: String) {
        session?.session.deny(action, topic, for: other)
    }

    /// Ends the wait for the disk after `request_timeout`: one timer for all, because they wait equally long.
    private func watch() {
        guard !isWatching, lateCount < publications.count, let eventLoop = session?.eventLoop else { return }
        isWatching = true
        let next = publications[publications.index(publications.startIndex, offsetBy: lateCount)]
        eventLoop.assumeIsolated().scheduleTask(deadline: next.deadline) { [weak self] in
            guard let self else { return }
            isWatching = false
            expire()
            watch()
        }
    }

    private func expire() {
        guard let now = session?.eventLoop.now else { return }
        while lateCount < publications.count {
            let index = publications.index(publications.startIndex, offsetBy: lateCount)
            guard publications[index].deadline <= now, let completion = publications[index].completion else { break }
            publications[index].completion = nil
            lateCount += 1
            // A disk that confirms nothing is no reason to keep ids without end.
            if lateCount > Self.maxLate {
                publications.removeFirst()
                lateCount -= 1
            }
            answers.append(.publication(completion, .unconfirmed))
        }
        tell()
    }

    // MARK: Calls and commands

    /// A call on its way into the broker: a frame without its arguments, which the gateway appends, a CBOR array.
    package struct Call {
        package var frame: ByteBuffer
        /// What ``RequestPort/cancel(_:)`` takes.
        package let id: UInt64
        fileprivate let timeout: UInt64?
    }

    /// Begins a call of a method, of any component that exposes it or of `target`; `timeout` in milliseconds is how long the
    /// caller waits, if it says so.
    package func request(_ method: String, target: String?, timeout: UInt64?) -> Call {
        let id = makeID()
        var frame = takeFrame()
        frame.startMessage(.request, elements: timeout == nil ? 5 : 6, id: MessageID(littleEndian: id))
        frame.writeCBORText(method)
        if let target { frame.writeCBORText(target) } else { frame.writeCBORNull() }
        return Call(frame: frame, id: id, timeout: timeout)
    }

    /// Calls. `completion` is called when there is an answer.
    package func call(_ call: Call, _ completion: @escaping (RequestOutcome) -> Void) {
        guard let session else { return completion(.ended) }
        var frame = call.frame
        if let timeout = call.timeout { RequestOptions(timeout: timeout).encodeCBOR(into: &frame) }
        requests[call.id] = completion
        let isTaken = session.call(frame)
        giveBack(frame)
        if !isTaken { requests.removeValue(forKey: call.id)?(.ended) }
    }

    /// Nobody waits for the answer of a call any more: a query is stopped.
    package func cancel(_ id: UInt64) { session?.cancelCall(MessageID(littleEndian: id)) }

    /// Has an administrator's command carried out (protocol.md §8).
    package func administer(_ topic: String, _ command: Value, _ completion: @escaping (RequestOutcome) -> Void) {
        guard let session else { return completion(.ended) }
        let id = makeID()
        requests[id] = completion
        if !session.administer(id, topic, command) { requests.removeValue(forKey: id)?(.ended) }
    }

    private func makeID() -> UInt64 {
        lastID &+= 1
        return lastID
    }

    private func takeFrame() -> ByteBuffer {
        var frame = spare
        spare = ByteBuffer()
        frame.clear()
        return frame
    }

    private func giveBack(_ frame: ByteBuffer) {
        // A large message is no reason to keep as much memory.
        if frame.capacity <= 1 << 20 { spare = frame }
    }

    // MARK: Answers

    /// An answer can let the next request of a connection go, which is answered at once: a loop, not a recursion.
    private func tell() {
        guard !isTelling else { return }
        isTelling = true
        while !answers.isEmpty {
            let batch = answers
            answers = []
            for answer in batch { answer.tell() }
            owner?.portAnswered(self)
        }
        isTelling = false
        owner?.portRests(self)
    }
}

extension RequestPort: AnswerSink {
    package func durable(_ id: UInt64) {
        guard let index = publications.firstIndex(where: { $0.id == id }) else { return }
        let publication = publications.remove(at: index)
        if publication.isExactlyOnce { session?.confirm(id) }
        guard let completion = publication.completion else { return lateCount -= 1 }
        answers.append(.publication(completion, .durable))
    }

    package func answered(_ id: UInt64, _ status: StatusCode, _ data: AnswerData) {
        guard let completion = requests.removeValue(forKey: id) else { return }
        answers.append(.request(completion, .answered(status, data)))
    }
}

extension RequestPort: LinkSink {
    /// Answers come without frames, and nothing else is sent to who only asks.
    package func link(_ link: Link, sends message: UnsafeRawBufferPointer) {}

    package func linkFlushes(_ link: Link) { tell() }

    package func link(_ link: Link, reads isReading: Bool) {
        isTaking = isReading
        owner?.port(self, takes: isReading)
    }

    package func link(_ link: Link, closes reason: LinkCloseReason) {
        session = nil
        owner?.portEnds(self)
        var lost = answers
        answers = []
        for case let completion? in publications.map(\.completion) { lost.append(.publication(completion, .ended)) }
        for completion in requests.values { lost.append(.request(completion, .ended)) }
        publications = []
        lateCount = 0
        requests = [:]
        let this = NIOLoopBound((self, lost), eventLoop: link.eventLoop)
        link.eventLoop.execute {
            let (port, lost) = this.value
            for answer in lost { answer.tell() }
            port.owner?.portEnded(port)
            port.owner = nil
        }
    }
}
