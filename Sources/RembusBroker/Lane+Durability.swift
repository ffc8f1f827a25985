import NIOCore
import RembusStore
import RembusTransport
import RembusWire

/// What a peer is told only when the disk has it: in the order in which it came, all of a unit of work together.
extension Lane {
    struct Acceptance {
        let session: Session
        let id: MessageID
    }

    /// Has a publication acknowledged when everything appended so far is durable: one commit for a whole unit of work.
    @inline(__always)
    func acknowledgeWhenDurable(_ id: MessageID, to session: Session) {
        accepted.append(Acceptance(session: session, id: id))
    }

    /// Ends the unit of work for publications that were accepted in it.
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

    /// Calls `answer` when everything about components is on the disk that this unit of work and those before it have
    /// changed: as a unit of work of its own, or at the end of this one.
    func whenSaved(_ answer: @escaping () -> Void) {
        unsavedAnswers.append(answer)
    }

    /// Ends the unit of work for answers that were given in it.
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
