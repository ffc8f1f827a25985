public import RembusBroker

extension RembusServer {
    /// What happens in the server from this call on: connections, subscriptions, refusals, losses, maintenance; not publications.
    ///
    /// ```swift
    /// let events = server.events()
    /// try await server.start()
    /// for await event in events { print(event.time, event.kind) }
    /// ```
    /// For the program that the server runs in: it names everybody and everything, whatever the rules say. The sequence ends
    /// when the server has ended. Nothing waits for its reader: who is slower than the events loses the oldest, and is told how
    /// many (``BrokerEvent/Kind/missed(_:)``). While nobody reads, events cost nothing.
    ///
    /// - Parameter limit: How many events are kept while the reader is busy, 1 at least.
    public func events(limit: Int = 1024) -> BrokerEvents {
        broker.events(limit: limit)
    }

    /// What the server is and does now: connections, methods, topics, journal and tables, readiness.
    ///
    /// For the program that the server runs in: it names everybody and everything, whatever the rules say. It costs the event
    /// loops a moment in which nothing is delivered, in proportion to what is listed; once a second is often enough.
    ///
    /// - Parameter limit: How many elements its lists have at most.
    public func status(listing limit: Int = 1000) async -> BrokerStatus {
        await broker.status(listing: limit)
    }
}
