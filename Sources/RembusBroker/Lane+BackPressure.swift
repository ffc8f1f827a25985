import NIOCore
import RembusStore
import RembusTransport

/// Publishers wait for subscribers that take no more.
extension Lane {
    /// How long a publisher waits for a congested subscriber at most, per read: it may be slowed down a little, not stopped.
    private static let longestPause = TimeAmount.milliseconds(5)

    /// Whether publications of a session went to congested links since this was asked last.
    func takeCongestion(of publisher: Session) -> Bool {
        guard congestedPublisher == ObjectIdentifier(publisher) else { return false }
        congestedPublisher = nil
        return true
    }

    func pause(_ session: Session) {
        guard session.link.isOpen, !paused.contains(where: { $0 === session }) else { return }
        session.link.pauseReading()
        if paused.isEmpty {
            eventLoop.assumeIsolated().scheduleTask(in: Self.longestPause) { [weak self] in self?.resumePaused() }
        }
        paused.append(session)
    }

    /// Has publishers on another lane wait for subscribers on this one.
    func slowDown(_ publishers: [Session], onLane index: Int) {
        let lane = core.lanes[index]
        lane.eventLoop.execute {
            for publisher in publishers { lane.pause(publisher) }
        }
    }

    func resumePaused() {
        let resumed = paused
        paused = []
        for session in resumed { session.readOn() }
    }

    // MARK: The store

    /// How long a publisher is held at most when no commit comes: it may also have publications that need none.
    private static let longestHold = TimeAmount.seconds(1)

    /// Stops reading from a publisher until the store's next commit.
    func hold(_ session: Session) {
        guard session.link.isOpen, !held.contains(where: { $0 === session }) else { return }
        session.link.pauseReading()
        if held.isEmpty {
            eventLoop.assumeIsolated().scheduleTask(in: Self.longestHold) { [weak self] in self?.release() }
            // Nobody asks for one after publications at QoS 0.
            let isDurable = core.store.commit(partition: index) { [weak self] in self?.releaseSoon() }
            if isDurable { releaseSoon() }
        }
        held.append(session)
    }

    private func releaseSoon() {
        eventLoop.execute { [weak self] in self?.release() }
    }

    func release() {
        let released = held
        held = []
        for session in released { session.readOn() }
    }
}
