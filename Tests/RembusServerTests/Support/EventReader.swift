import RembusServer

/// Reads the events of a server until one is what a test waits for.
struct EventReader {
    private var events: BrokerEvents.Iterator

    init(_ events: BrokerEvents) { self.events = events.makeAsyncIterator() }

    struct Ended: Error {}

    /// What `pick` makes of the first event that it does not leave out. The suite's time limit ends a wait in vain.
    mutating func first<Found>(_ pick: (BrokerEvent.Kind) -> Found?) async throws -> Found {
        while let event = await events.next() {
            if let found = pick(event.kind) { return found }
        }
        throw Ended()
    }

    /// Waits for an event.
    mutating func wait(for kind: BrokerEvent.Kind) async throws {
        _ = try await first { $0 == kind ? true : nil }
    }

    /// Waits for the connection that gets a name.
    mutating func identified(_ name: String) async throws -> BrokerConnection {
        try await first { kind in
            guard case .identified(let connection) = kind, connection.name == name else { return nil }
            return connection
        }
    }

    mutating func refusal(_ cause: BrokerEvent.Refusal.Cause) async throws -> BrokerEvent.Refusal {
        try await first { kind in
            guard case .refused(let refusal) = kind, refusal.cause == cause else { return nil }
            return refusal
        }
    }

    mutating func ending(of name: String) async throws -> BrokerEvent.Ending {
        try await first { kind in
            guard case .disconnected(let connection, let ending) = kind, connection.name == name else { return nil }
            return ending
        }
    }

    /// The next event; nil at the end.
    mutating func next() async -> BrokerEvent? { await events.next() }
}
