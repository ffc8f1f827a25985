import NIOCore
import RembusBroker
import RembusMQTT

/// Answers that wait for the disk: what an answer confirms is on the disk before the answer leaves.
extension MQTTConnection {
    /// An answer that waits for three files, on one event loop.
    private final class Answer {
        private var missing = 3
        private let send: () -> Void

        init(_ send: @escaping () -> Void) {
            self.send = send
        }

        func partIsSaved() {
            missing -= 1
            if missing == 0 { send() }
        }
    }

    /// Calls `answer` when the client's session and its subscriptions are as durable as they have to be, unless the
    /// connection has ended by then.
    func whenSaved(_ answer: @escaping () -> Void) {
        guard let session, let context else { return }
        let answer = Answer { [self] in if phase != .closed { answer() } }
        let bound = NIOLoopBound(answer, eventLoop: context.eventLoop)
        let isSaved = onLoop { bound.value.partIsSaved() }
        if !server.sessions.whenSaved(isSaved) { answer.partIsSaved() }
        if server.packets?.whenSaved(isSaved) != true { answer.partIsSaved() }
        session.answerWhenSaved { answer.partIsSaved() }
    }

    /// A closure that calls `body` as a unit of work of its own on this connection's event loop.
    func onLoop(_ body: @escaping @Sendable () -> Void) -> @Sendable () -> Void {
        guard let eventLoop = context?.eventLoop else { return {} }
        return { [self] in
            eventLoop.execute { [self] in
                session?.beginWork()
                body()
                endWork()
            }
        }
    }

    // MARK: Retained messages

    /// Delays the acknowledgement of a publication until its change of the retained messages is durable. Later
    /// acknowledgements wait behind it, so that all come in the order of the publications.
    func acknowledgeWhenRetained(_ id: UInt64) {
        let mustWait = server.host.lastValues.whenSaved(
            onLoop { [self] in
                if let index = waitingAcknowledgements.firstIndex(where: { $0.id == id && !$0.isSaved }) {
                    waitingAcknowledgements[index].isSaved = true
                    sendWaitingAcknowledgements()
                } else {
                    unsavedRetained.remove(id)
                }
            })
        if mustWait { unsavedRetained.insert(id) }
    }

    private func sendWaitingAcknowledgements() {
        while let first = waitingAcknowledgements.first, first.isSaved {
            waitingAcknowledgements.removeFirst()
            acknowledge(first.id)
        }
    }
}
