import NIOCore
import RembusStore
import RembusTransport
import RembusWire

/// Answers that wait for the disk. They leave in the order of the requests, those of one unit of work together.
extension Lane {
    struct Acceptance {
        let session: Session
        let id: MessageID
    }

    /// Acknowledges a publication when everything appended so far is durable. One commit serves a whole unit of work.
    @inline(__always)
    func acknowledgeWhenDurable(_ id: MessageID, to session: Session) {
        accepted.append(Acceptance(session: session, id: id))
    }

    /// Commits the publications that were accepted in this unit of work.
    func commitAccepted() {
        let batch = accepted
        accepted = []
        waitingAcknowledgements += batch.count
        let number = unconfirmed.add(batch)
        let isDurable = core.store.commit(partition: index) { [self] in
            eventLoop.execute {
                self.beginBurst()
                self.acknowledge(number)
                self.release()
                self.endBurst()
            }
        }
        if isDurable { acknowledge(number) }
    }

    private func acknowledge(_ number: UInt64) {
        for batch in unconfirmed.confirm(number) {
            waitingAcknowledgements -= batch.count
            for acceptance in batch { acceptance.session.acknowledge(acceptance.id) }
        }
    }

    /// Calls `answer` when all changes of components in this unit of work and those before it are on the disk: at the
    /// end of this unit of work if they are, otherwise in a later one.
    func whenSaved(_ answer: @escaping () -> Void) {
        unsavedAnswers.append(answer)
    }

    /// Sends or queues the answers that were given in this unit of work.
    func answerWhenSaved() {
        let number = unconfirmedAnswers.add(unsavedAnswers)
        unsavedAnswers = []
        let mustWait = core.storage.components?.whenSaved { [self] in
            eventLoop.execute {
                self.beginBurst()
                self.answer(number)
                self.endBurst()
            }
        }
        if mustWait != true { answer(number) }
    }

    private func answer(_ number: UInt64) {
        for batch in unconfirmedAnswers.confirm(number) {
            for answer in batch { answer() }
        }
    }
}
