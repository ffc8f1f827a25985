import NIOCore
import RembusStore
import RembusTransport

/// Slows publishers down while subscribers or the store cannot keep up.
extension Lane {
    /// How long a publisher waits for a congested subscriber at most, for each read. It is slowed down, but not
    /// stopped.
    private static let longestPause = TimeAmount.milliseconds(5)

    /// Whether publications of a session went to congested links since the last call.
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

    /// Slows down publishers on another lane for subscribers on this one.
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

    /// How long a publisher is held at most when no commit comes. It may also have publications that need none.
    private static let longestHold = TimeAmount.seconds(1)

    /// Stops reading from a publisher until the store's next commit.
    func hold(_ session: Session) {
        guard session.link.isOpen, !held.contains(where: { $0 === session }) else { return }
        session.link.pauseReading()
        if held.isEmpty {
            eventLoop.assumeIsolated().scheduleTask(in: Self.longestHold) { [weak self] in self?.release() }
            // After publications at QoS 0 nothing else asks for a commit.
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
