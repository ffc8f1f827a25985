import NIOCore

/// The client's end of an MQTT session: what it has sent and got without the last word on it.
///
/// It outlives connections and knows none: packets come in as values and go out as bytes. Used by one thread at a time.
package final class MQTTClientSession {
    struct Outgoing {
        var publish: MQTTPublish
        /// nil for messages whose end nobody waits for.
        var token: UInt64?
        /// The server has a QoS 2 message, and was told to release it.
        var isReleased = false

        var size: Int { publish.payload.readableBytes + publish.topic.utf8.count }
    }

    enum Incoming {
        /// With the owner, who has not acknowledged it.
        case delivered
        /// Acknowledged while there was no connection to say so.
        case owed(MQTTQoS)
        /// A QoS 2 message that is taken, and that the server has not released.
        case received
    }

    /// What the end of a message was.
    package struct Outcome: Sendable, Equatable {
        package var token: UInt64
        package var reason: MQTTReason
    }

    /// An answer to SUBSCRIBE or UNSUBSCRIBE.
    package struct Answer: Sendable, Equatable {
        package var token: UInt64
        package var reasons: [MQTTReason]

        package init(token: UInt64, reasons: [MQTTReason]) {
            self.token = token
            self.reasons = reasons
        }
    }

    package internal(set) var facts: MQTTServerFacts?
    /// Whether the socket takes no more: what is published waits here.
    package var isBlocked = false

    var version: MQTTVersion { facts?.version ?? .v5 }
    var isConnected = false
    /// Messages under way, in the order of their first sending.
    var inFlight: [UInt16: Outgoing] = [:]
    var order = CircularBuffer<UInt16>()
    /// Those that were under way on an earlier connection and have not been sent again.
    var resends = CircularBuffer<UInt16>()
    var tokens: Set<UInt64> = []
    var waiting = CircularBuffer<Outgoing>()
    package internal(set) var waitingBytes = 0
    var commands: [UInt16: (token: UInt64, count: Int)] = [:]
    var incoming: [UInt16: Incoming] = [:]
    /// Changes when the server has forgotten the session, and packet identifiers with it.
    var epoch = 0
    var outcomes: [Outcome] = []
    private var lastID: UInt16 = 0

    package init() {}

    /// Messages that were published and not yet sent.
    package var waitingCount: Int { waiting.count }
    /// Messages that were sent and not acknowledged.
    package var inFlightCount: Int { inFlight.count }
    /// Messages that came and are not acknowledged.
    package var unacknowledgedCount: Int { incoming.count }

    /// What has ended since the last call.
    package func takeOutcomes() -> [Outcome] {
        guard !outcomes.isEmpty else { return [] }
        defer { outcomes.removeAll(keepingCapacity: true) }
        return outcomes
    }

    // MARK: Connections

    /// The server has accepted the client: what was under way goes on.
    func begin(_ facts: MQTTServerFacts, into output: inout ByteBuffer) {
        self.facts = facts
        isConnected = true
        if !facts.sessionPresent {
            epoch += 1
            incoming.removeAll()
            // The server had those that it was to release; it has forgotten only that it said so.
            for (id, entry) in inFlight where entry.isReleased { complete(id, .success) }
        }
        order.removeAll { inFlight[$0] == nil }
        resends = order
        pump(into: &output)
    }

    /// The connection is gone. Answers to commands will not come.
    func end() -> [Answer] {
        isConnected = false
        isBlocked = false
        let lost = commands.values.map { Answer(token: $0.token, reasons: []) }
        commands.removeAll()
        return lost
    }

    func freeID() -> UInt16? {
        for _ in 0..<UInt16.max {
            lastID = lastID == .max ? 1 : lastID + 1
            if inFlight[lastID] == nil, commands[lastID] == nil { return lastID }
        }
        return nil
    }
}
