import Logging
import NIOCore
import RembusTransport

/// The state of a component behind its connection: open requests, subscriptions and methods.
///
/// It belongs to one event loop and is used there only. It outlives connections: `Connection` gives it a new link after
/// each loss, and the session restores its state at the broker.
final class ClientSession {
    enum Phase {
        case offline
        /// The transport is connected, but the login is not finished.
        case greeting(Link)
        case ready(Link)
        case closed(RembusError?)
    }

    let eventLoop: any EventLoop
    let group: LinkGroup
    let name: String?
    let settings: Settings
    let encoding: MessageEncoding
    let isReactiveBySubscribing: Bool
    let maxConcurrentRequests: Int
    /// Whether challenges are ignored, because this connection registers a name and stays anonymous.
    let ignoresChallenges: Bool
    let submissions: Submissions
    let states: StateHub
    let ids: MessageIDSource
    let counters: Counters
    let logger: Logger

    var phase = Phase.offline
    var connection: DialedConnection?
    /// The login that is in progress on the link.
    var login: ClientLogin?
    /// A challenge that came before the login began.
    var earlyChallenge: Value?
    /// Called once for each connection that was in use and broke.
    var onLoss: (@Sendable (LinkCloseReason) -> Void)?
    /// Called when the session has ended for good.
    var onEnd: (@Sendable () -> Void)?

    var calls: [UInt64: PendingCall] = [:]
    var publications: [UInt64: OutgoingPublication] = [:]
    var nextSequence: UInt64 = 0
    var duplicates = DuplicateTable()
    /// Messages at QoS 1 and 2 in queues that are full. They are acknowledged when there is room.
    var owed: Set<OwedMessage> = []
    /// The full queues because of which the link is not read.
    var fullQueues: Set<ObjectIdentifier> = []
    var subscriptions: [String: Subscription] = [:]
    var services: [String: RequestHandler] = [:]
    var requestsInExecution = 0
    /// Whether the broker is asked to deliver.
    var isReactive = false
    /// Whether something was sent since the last flush without confirmation, and whether a connection was lost then.
    var (hasUnconfirmed, hasLostUnconfirmed) = (false, false)
    /// Called when it is known whether the peer of an anonymous component is a broker: with nil if it is, otherwise
    /// with the error.
    var greeting: (@Sendable (RembusError?) -> Void)?

    /// The topic of the last message and its subscription, because consecutive messages usually have the same topic.
    var recentTopic: (bytes: [UInt8], topic: String, subscription: Subscription?)?
    /// Subscriptions that got messages in this burst and whose readers are waiting.
    var readersToWake: [Subscription] = []
    var dialect = JSONDialect()

    private var spare = Submissions.Batch()
    private var timer: Scheduled<Void>?
    private var timerDeadline = NIODeadline.distantFuture

    init(_ parts: SessionParts) {
        eventLoop = parts.eventLoop
        group = LinkGroup(eventLoop: parts.eventLoop)
        name = parts.name
        settings = parts.settings
        encoding = parts.configuration.encoding
        isReactiveBySubscribing = parts.configuration.isReactive
        maxConcurrentRequests = parts.configuration.maxConcurrentRequests
        ignoresChallenges = parts.configuration.ignoresChallenges
        logger = parts.configuration.logger
        submissions = parts.submissions
        states = parts.states
        ids = parts.ids
        counters = parts.counters
    }

    /// The link if messages may be sent on it.
    var readyLink: Link? {
        if case .ready(let link) = phase { link } else { nil }
    }

    // MARK: Submissions

    /// Handles everything that callers have queued, and then writes once.
    func drain() {
        var batch = submissions.take(recycling: spare)
        var offset = 0
        batch.frames.withUnsafeReadableBytes { bytes in
            for item in batch.items {
                switch item {
                // The link is looked up each time, because an action can close it.
                case .frame(let length):
                    hasUnconfirmed = true
                    readyLink.map { send(bytes[offset..<offset &+ length], on: $0) }
                    offset &+= length
                case .call(let id, let length, let call):
                    begin(call, id: id, frame: bytes[offset..<offset &+ length], on: readyLink)
                    offset &+= length
                case .publication(let publication): begin(publication)
                case .action(let action): action(self)
                }
            }
        }
        recycle(&batch)
        group.flush()
        if let link = readyLink { submissions.setCongested(link.isCongested) }
    }

    private func recycle(_ batch: inout Submissions.Batch) {
        // The memory of a burst of large messages is not kept.
        guard batch.frames.capacity <= 4 << 20 else { return spare = Submissions.Batch() }
        batch.frames.clear()
        batch.items.removeAll(keepingCapacity: batch.items.count <= 65_536)
        spare = batch
        batch = Submissions.Batch()
    }

    // MARK: Sending

    func send(_ bytes: Slice<UnsafeRawBufferPointer>, on link: Link) {
        let bytes = UnsafeRawBufferPointer(rebasing: bytes)
        switch encoding {
        case .cbor:
            link.sendBinary(length: bytes.count) { target in
                if let base = bytes.baseAddress { target.copyMemory(from: base, byteCount: bytes.count) }
            }
        case .json: link.sendText(ByteBuffer(bytes: bytes))
        }
    }

    func send(_ frame: OutgoingFrame, on link: Link) {
        switch (encoding, frame) {
        case (.cbor, _): link.sendBinary(length: frame.length) { frame.write(to: $0) }
        case (.json, .whole(let bytes)): link.sendText(bytes)
        case (.json, _): assertionFailure("a CBOR frame on a JSON connection")
        }
    }

    func send(_ message: Message, on link: Link) {
        send(OutgoingFrame(message, encoding: encoding), on: link)
    }

    // MARK: Deadlines

    /// Makes sure that `sweep` runs at `deadline`. One timer serves all deadlines.
    func arm(_ deadline: NIODeadline) {
        guard deadline < timerDeadline else { return }
        timer?.cancel()
        timerDeadline = deadline
        timer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in self?.timerFired() }
    }

    private func timerFired() {
        timerDeadline = .distantFuture
        let now = NIODeadline.now()
        // The timer may fire early, for something that has ended already. The scan finds the next deadline.
        let next = min(expireCalls(now), retryPublications(now))
        if next < .distantFuture { arm(next) }
        group.flush()
    }

    func stopTimer() {
        timer?.cancel()
        timer = nil
        timerDeadline = .distantFuture
    }
}
