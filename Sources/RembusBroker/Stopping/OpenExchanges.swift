import NIOCore

/// What is under way in a broker that is to stop: begun, and not yet answered or acknowledged.
struct OpenExchanges: Sendable, Equatable {
    /// Requests and commands of connections that wait for their answer.
    var calls = 0
    /// Publications at QoS 1 and 2 whose publishers wait for their acknowledgement, or have not finished theirs.
    var publications = 0
    /// Deliveries at QoS 1 and 2 that connected subscribers have not acknowledged.
    var deliveries = 0

    var isEmpty: Bool { self == OpenExchanges() }

    static func += (sum: inout OpenExchanges, other: OpenExchanges) {
        sum.calls += other.calls
        sum.publications += other.publications
        sum.deliveries += other.deliveries
    }
}

extension Lane {
    /// What is under way on this event loop.
    var openExchanges: OpenExchanges {
        var open = OpenExchanges(publications: waitingAcknowledgements)
        for session in sessions.values {
            // Commands too that are answered when the disk has what they change.
            open.calls += session.calls.openCount + session.held.count
            open.publications += session.gateway.countExchanges?() ?? 0
            if session.isReactive { open.deliveries += session.state.inFlight.count }
        }
        return open
    }
}

extension BrokerCore {
    /// Waits until nothing is under way any more, or until a deadline. Returns what is left then.
    ///
    /// New work has been refused since before, so what is under way only becomes less.
    func finishExchanges(until deadline: ContinuousClock.Instant) async -> OpenExchanges {
        var quiet = 0
        while true {
            var open = OpenExchanges()
            for lane in allLanes {
                // A loop that has ended has nothing under way.
                if let part = try? await lane.eventLoop.submit({ lane.openExchanges }).get() { open += part }
            }
            // Twice, because something may have been on its way from one event loop to another.
            quiet = open.isEmpty ? quiet + 1 : 0
            if quiet == 2 || ContinuousClock.now >= deadline { return open }
            // A sleeping task would not wait when its own task was cancelled, which is one way to ask for a stop.
            let pause = TimeAmount.milliseconds(open.isEmpty ? 2 : 10)
            try? await allLanes.first?.eventLoop.scheduleTask(in: pause) {}.futureResult.get()
        }
    }
}
