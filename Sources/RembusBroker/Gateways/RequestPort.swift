package import NIOCore
package import RembusTransport
package import RembusTrust
package import RembusWire

/// Passes requests of a gateway to the broker as values, where each request has an answer of its own: for HTTP, and for
/// methods in this process.
///
/// The outcome of each publication, call or command goes to its completion, on the event loop: at once if it is known
/// at once, otherwise at the end of the unit of work that brought it. Acknowledgements come in the order of the
/// publications. Used on the event loop of its session only.
package final class RequestPort {
    private(set) var session: GatewaySession?
    private var owner: (any RequestPortOwner)?
    private let timeout: TimeAmount
    /// Whether the broker accepts requests from this port now. A request that is handed over nevertheless may be
    /// refused.
    package private(set) var isTaking = true

    private struct Publication {
        let id: UInt64
        let isExactlyOnce: Bool
        let deadline: NIODeadline
        /// nil when the publisher has been told that the disk took too long.
        var completion: ((PublishOutcome) -> Void)?
    }

    /// Publications that wait for the disk, oldest first. The first `lateCount` of them have taken too long.
    private var publications = CircularBuffer<Publication>()
    private var lateCount = 0
    private static let maxLate = 256
    private var isWatching = false
    /// Calls and commands that wait for their answers.
    private var requests: [UInt64: (RequestOutcome) -> Void] = [:]
    /// The upper half is random, so that the ids of different sessions differ.
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

    /// Answers since the last flush. Completions send messages, which is not allowed inside the sink, so they are
    /// called later.
    private var answers: [Answer] = []
    private var isTelling = false
    /// The memory of the last frame, for the next one.
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
    /// The identity that the rules check; nil when the session has ended.
    package var principal: Principal? { session?.principal }
    /// The number of requests whose outcome is not known.
    package var openCount: Int { publications.count - lateCount + requests.count }
    /// Whether no request is open and all completions were called.
    package var isIdle: Bool { openCount == 0 && answers.isEmpty }

    package func logIn(
        _ login: GatewaySession.Login,
        _ completion: @escaping @Sendable (Result<Bool, GatewaySession.LoginFailure>) -> Void
    ) {
        session?.logIn(login, completion)
    }

    /// Sets the address that log and audit log name for the requests from here on.
    package func attribute(to address: @escaping () -> String) { session?.attribute(to: address) }

    /// Ends a unit of work. Call it behind every batch of requests.
    package func endWork() { session?.endWork() }

    /// Ends the session from this side.
    package func close() { session?.close() }

    // MARK: Publications

    /// A publication that is being written: a frame without its arguments, which the gateway appends as a CBOR array.
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

    /// Publishes. `completion` is called at once for a refusal and at QoS 0, otherwise when the publication is on the
    /// disk.
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

    /// Gives up a publication whose arguments are wrong. If the broker would have refused it anyway, it is counted as
    /// refused and the reason is returned, because that reason comes first; otherwise nil.
    package func drop(_ draft: Draft, on topic: String) -> PublishRefusal? {
        giveBack(draft.frame)
        return session?.refusal(of: topic)
    }

    /// Why this identity may not publish to a topic, in a sentence; nil when it may.
    package func denial(of topic: String) -> String? { session?.session.refusalText(.publish, topic) }

    /// Logs that this identity may not do something for another component.
    package func deny(_ action: TrustAction, _ topic: String, for other: String) {
        session?.session.deny(action, topic, for: other)
    }

    /// Ends the wait for the disk after `request_timeout`. One timer is enough, because all publications wait equally
    /// long.
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
            // Ids are not kept without a bound, even if the disk never confirms anything.
            if lateCount > Self.maxLate {
                publications.removeFirst()
                lateCount -= 1
            }
            answers.append(.publication(completion, .unconfirmed))
        }
        tell()
    }

    // MARK: Calls and commands

    /// A call that is being written: a frame without its arguments, which the gateway appends as a CBOR array.
    package struct Call {
        package var frame: ByteBuffer
        /// The id for ``RequestPort/cancel(_:)``.
        package let id: UInt64
        fileprivate let timeout: UInt64?
    }

    /// Begins a call of `method`: of any component that exposes it, or of `target`. `timeout` is how long the caller
    /// waits, in milliseconds; nil if it does not say.
    package func request(_ method: String, target: String?, timeout: UInt64?) -> Call {
        let id = makeID()
        var frame = takeFrame()
        frame.startMessage(.request, elements: timeout == nil ? 5 : 6, id: MessageID(littleEndian: id))
        frame.writeCBORText(method)
        if let target { frame.writeCBORText(target) } else { frame.writeCBORNull() }
        return Call(frame: frame, id: id, timeout: timeout)
    }

    /// Sends the call. `completion` is called when there is an answer.
    package func call(_ call: Call, _ completion: @escaping (RequestOutcome) -> Void) {
        guard let session else { return completion(.ended) }
        var frame = call.frame
        if let timeout = call.timeout { RequestOptions(timeout: timeout).encodeCBOR(into: &frame) }
        requests[call.id] = completion
        let isTaken = session.call(frame)
        giveBack(frame)
        if !isTaken { requests.removeValue(forKey: call.id)?(.ended) }
    }

    /// Stops a query, because nobody waits for its answer any more.
    package func cancel(_ id: UInt64) { session?.cancelCall(MessageID(littleEndian: id)) }

    /// Carries out an administrator's command (protocol.md §8).
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
        // The memory of a large message is not kept for the next one.
        if frame.capacity <= 1 << 20 { spare = frame }
    }

    // MARK: Answers

    /// A completion may start the next request, which may be answered at once. Hence a loop and no recursion.
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
    /// Answers come as values, and nothing else is sent to a session that has no subscriptions.
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
