import Logging
import NIOCore
import RembusTransport

extension ClientSession {
    /// Makes the link of a connection that has just opened. `sink` carries the link's messages if there is no channel
    /// for them.
    func attach(_ configuration: LinkConfiguration, peer: String, sink: (any LinkSink)?) -> Link {
        let link = Link(
            role: .client, group: group, configuration: configuration, remoteAddress: peer, delegate: self, sink: sink)
        if case .closed = phase { return link }
        phase = .greeting(link)
        earlyChallenge = nil
        dialect = JSONDialect()
        return link
    }

    /// Called after the login: sends subscriptions and methods again, and then what the broker has not acknowledged.
    func becomeReady(_ link: Link) {
        phase = .ready(link)
        restore(on: link)
        resumePublications(on: link)
        group.flush()
        submissions.setAvailability(.connected)
        states.set(.connected)
    }

    // MARK: The end of a connection

    /// Whether a connection was lost after something was sent on it whose arrival was not confirmed. Resets that state.
    func takeLoss() -> Bool {
        defer { (hasUnconfirmed, hasLostUnconfirmed) = (false, false) }
        return hasLostUnconfirmed
    }

    func lost(_ reason: LinkCloseReason) {
        switch phase {
        case .closed, .offline: return
        case .greeting:
            phase = .offline
            failCalls()
        case .ready:
            phase = .offline
            // Queues that are still full report it again when the next connection delivers to them.
            fullQueues = []
            hasLostUnconfirmed = hasLostUnconfirmed || hasUnconfirmed
            submissions.setAvailability(.offline)
            failCalls()
            // A component that was replaced by another connection must not reconnect (protocol.md §1.1).
            if reason.isRemote, reason.code == Self.overwritten {
                return close(
                    RembusError(
                        .closed,
                        "The component is closed: another one took over the name `\(name ?? "")`. "
                            + "Give every running program a name of its own."))
            }
            if reason.isRemote, reason.code == Self.tooLarge { failLargestPublication() }
            logger.info("connection lost", metadata: ["reason": "\(reason)"])
            onLoss?(reason)
        }
    }

    static let overwritten: UInt16 = 4000
    /// RFC 6455 §7.4.1.
    private static let tooLarge: UInt16 = 1009

    /// Ends the component. Messages that callers have queued before are still sent.
    func close(_ reason: RembusError?) {
        if case .closed = phase { return }
        let link: Link? =
            switch phase {
            case .ready(let link), .greeting(let link): link
            case .offline, .closed: nil
            }
        phase = .closed(reason)
        onLoss = nil
        submissions.setAvailability(.closed(reason))
        link?.close(code: 1000, reason: "")
        failCalls()
        failPublications()
        stopTimer()
        for subscription in subscriptions.values { subscription.queue.removeSource() }
        subscriptions = [:]
        services = [:]
        recentTopic = nil
        states.set(.closed(reason))
        onEnd?()
        onEnd = nil
    }
}
