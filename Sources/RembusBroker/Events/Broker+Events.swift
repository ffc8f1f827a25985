extension Broker {
    /// What happens in the broker from this call on: connections, subscriptions, refusals, losses, maintenance; not publications.
    ///
    /// For the program that the broker runs in: it names everybody and everything, whatever the rules say. The sequence ends
    /// when the broker has ended. Nothing waits for its reader: who is slower than the events loses the oldest, and is told how
    /// many. While nobody reads, events cost nothing.
    ///
    /// - Parameter limit: How many events are kept while the reader is busy, 1 at least.
    public func events(limit: Int = 1024) -> BrokerEvents {
        core.eventTotals.begin(core)
        return core.events.events(limit: limit)
    }
}
