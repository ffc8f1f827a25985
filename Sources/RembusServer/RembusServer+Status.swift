public import RembusBroker

extension RembusServer {
    /// The events of the server from this call on: connections, subscriptions, refusals, losses, maintenance.
    /// Publications are not among them.
    ///
    /// ```swift
    /// let events = server.events()
    /// try await server.start()
    /// for await event in events { print(event.time, event.kind) }
    /// ```
    /// They are for the program that the server runs in: they name every component and topic, whatever the rules say.
    /// The sequence ends when the server has ended. Nothing waits for the reader: if it is slower than the events, it
    /// loses the oldest and gets ``BrokerEvent/Kind/missed(_:)`` with their number. Events that nobody reads cost
    /// nothing.
    ///
    /// - Parameter limit: The most events that are kept while the reader is busy; at least 1.
    public func events(limit: Int = 1024) -> BrokerEvents {
        broker.events(limit: limit)
    }

    /// The state of the server now: connections, methods, topics, journal and tables, readiness.
    ///
    /// It is for the program that the server runs in: it names every component and topic, whatever the rules say.
    /// Collecting it blocks each event loop for a moment, in proportion to what is listed; once a second is often
    /// enough.
    ///
    /// - Parameter limit: The most elements of each list.
    public func status(listing limit: Int = 1000) async -> BrokerStatus {
        await broker.status(listing: limit)
    }
}
