import NIOCore

/// Requests and exchanges that have begun and are neither answered nor acknowledged, in a broker that is to stop.
struct OpenExchanges: Sendable, Equatable {
    /// Requests and commands of connections that wait for their answer.
    var calls = 0
    /// Publications at QoS 1 and 2 that are not acknowledged yet, or whose exchange the publisher has not finished.
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
    /// The open exchanges of this event loop.
    var openExchanges: OpenExchanges {
        var open = OpenExchanges(publications: waitingAcknowledgements)
        for session in sessions.values {
            // This includes commands that are answered when their changes are on the disk.
            open.calls += session.calls.openCount + session.held.count
            open.publications += session.gateway.countExchanges?() ?? 0
            if session.isReactive { open.deliveries += session.state.inFlight.count }
        }
        return open
    }
}

extension BrokerCore {
    /// Waits until there are no open exchanges, or until a deadline. Returns those that are left.
    ///
    /// New work is refused before this is called, so their number only falls.
    func finishExchanges(until deadline: ContinuousClock.Instant) async -> OpenExchanges {
        var quiet = 0
        while true {
            var open = OpenExchanges()
            for lane in allLanes {
                // A loop that has ended has no open exchanges.
                if let part = try? await lane.eventLoop.submit({ lane.openExchanges }).get() { open += part }
            }
            // Checked twice, because something may have been on its way from one event loop to another.
            quiet = open.isEmpty ? quiet + 1 : 0
            if quiet == 2 || ContinuousClock.now >= deadline { return open }
            // A sleeping task would return at once if its own task was cancelled, which is one way to ask for a stop.
            let pause = TimeAmount.milliseconds(open.isEmpty ? 2 : 10)
            try? await allLanes.first?.eventLoop.scheduleTask(in: pause) {}.futureResult.get()
        }
    }
}
