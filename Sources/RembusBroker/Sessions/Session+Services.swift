import NIOCore
import RembusListening
import RembusTransport
import RembusWire
import Synchronization

/// Calls of the broker's own services. Their answers may be large, so a call starts when there is room for its answer.
extension Session {
    /// The most bytes of unread answers, as a multiple of the limit for deliveries.
    private static let maxAnswerBacklogs = 8

    /// The most bytes of answers that may wait for this connection.
    var maxUnreadAnswers: Int {
        min(Self.maxAnswerBacklogs * maxBacklogBytes, max(lane.memory.room, maxBacklogBytes / 8))
    }

    /// Whether the connection serves many clients. Answers that one of them does not read then do not wait here.
    private var isShared: Bool { transport == .http || transport == .https }

    /// Starts a call now, or when earlier answers were read and there is memory for another one.
    func whenAnswersHaveRoom(_ id: MessageID, _ limit: CallLimit, _ start: @escaping () -> Void) {
        let deadline = lane.now + limit.timeout
        let enqueue = { [self] in
            if lane.services.begin() { return start() }
            lane.services.wait(until: deadline) { [self] in
                guard !isClosed else { return lane.services.ended(answerBytes: 0) }
                start()
            } giveUp: { [self] in
                calls.close()
                noteServiceEnded(answerBytes: 0)
                answer(id, .methodUnavailable, .text(BrokerText.noMemory))
            }
        }
        if isShared { return enqueue() }
        calls.gate.append(enqueue)
        startWaitingCalls()
    }

    private func noteServiceEnded(answerBytes: Int) {
        if !isShared { calls.gate.ended(answerBytes: answerBytes) }
    }

    /// Starts the calls that may start. While others wait, nothing more is read.
    func startWaitingCalls() {
        guard calls.gate.isWaiting else { return }
        while let start = calls.gate.next(
            unread: link.backlog, limit: maxUnreadAnswers, largest: limits.maxMessageBytes)
        {
            start()
        }
        guard calls.gate.isWaiting else { return link.suspendReading(false) }
        link.suspendReading(true)
        link.noteRefused()
        lane.watch(self)
    }

    /// Answers a call of a service.
    func answerService(_ id: MessageID, _ status: StatusCode, _ data: Value) {
        let outcome = respond(id, status, data, if: { hasRoom(forAnswer: $0) })
        lane.services.ended(answerBytes: outcome.bytes)
        noteServiceEnded(answerBytes: outcome.bytes)
        if outcome.isSent { lane.metrics.told(status) } else { dropAnswer(id) }
        startWaitingCalls()
        lane.services.proceed(now: lane.now)
    }

    /// Whether an answer can be kept until the caller reads it. The first one always can, unless all connections
    /// together hold too much: then only a small one can.
    func hasRoom(forAnswer bytes: Int) -> Bool {
        if link.backlog > 0 { return link.backlog + bytes <= maxUnreadAnswers }
        return bytes <= MemoryBudget.leastRoom || !core.memory.isExceeded
    }

    /// Replaces an answer by an error, because the caller does not read its answers.
    func dropAnswer(_ id: MessageID) {
        core.counters.droppedAnswers.wrappingAdd(1, ordering: .relaxed)
        losses.count += 1
        answer(id, .methodUnavailable, .text(BrokerText.droppedAnswer(maxUnreadAnswers)))
    }

    func dropWaitingCalls() { calls.gate.removeAll() }
}
