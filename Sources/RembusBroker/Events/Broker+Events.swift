extension Broker {
    /// The events of the broker from this call on: connections, subscriptions, refusals, losses, maintenance.
    /// Publications are not among them.
    ///
    /// They are for the program that the broker runs in: they name every component and topic, whatever the rules say.
    /// The sequence ends when the broker has ended. Nothing waits for the reader: if it is slower than the events, it
    /// loses the oldest and gets ``BrokerEvent/Kind/missed(_:)`` with their number. Events that nobody reads cost
    /// nothing.
    ///
    /// - Parameter limit: The most events that are kept while the reader is busy; at least 1.
    public func events(limit: Int = 1024) -> BrokerEvents {
        core.eventTotals.begin(core)
        return core.events.events(limit: limit)
    }
}
