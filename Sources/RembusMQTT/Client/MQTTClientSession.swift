import NIOCore

/// The client's end of an MQTT session: the exchanges that are not finished.
///
/// It outlives connections and does not use them: packets come in as values and leave as bytes. Used by one thread at a
/// time.
package final class MQTTClientSession {
    struct Outgoing {
        var publish: MQTTPublish
        /// The token; nil for messages whose end is not reported.
        var token: UInt64?
        /// Whether the server has a QoS 2 message and was told to release it.
        var isReleased = false

        var size: Int { publish.payload.readableBytes + publish.topic.utf8.count }
    }

    enum Incoming {
        /// The owner has the message and has not acknowledged it.
        case delivered
        /// The message was acknowledged while there was no connection to send that on.
        case owed(MQTTQoS)
        /// A QoS 2 message that was accepted and that the server has not released.
        case received
    }

    /// The end of a message's exchange.
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
    /// Whether the socket accepts no more, so that publications wait here.
    package var isBlocked = false

    var version: MQTTVersion { facts?.version ?? .v5 }
    var isConnected = false
    /// Messages whose exchange is open, in the order of their first sending.
    var inFlight: [UInt16: Outgoing] = [:]
    var order = CircularBuffer<UInt16>()
    /// Messages of an earlier connection that were not sent again yet.
    var resends = CircularBuffer<UInt16>()
    var tokens: Set<UInt64> = []
    var waiting = CircularBuffer<Outgoing>()
    package internal(set) var waitingBytes = 0
    var commands: [UInt16: (token: UInt64, count: Int)] = [:]
    var incoming: [UInt16: Incoming] = [:]
    /// Changes when the server has deleted the session, and the packet identifiers with it.
    var epoch = 0
    var outcomes: [Outcome] = []
    private var lastID: UInt16 = 0

    package init() {}

    /// The number of messages that were published and not sent yet.
    package var waitingCount: Int { waiting.count }
    /// The number of messages that were sent and not acknowledged.
    package var inFlightCount: Int { inFlight.count }
    /// The number of messages that were received and not acknowledged.
    package var unacknowledgedCount: Int { incoming.count }

    /// Returns the exchanges that have ended since the last call.
    package func takeOutcomes() -> [Outcome] {
        guard !outcomes.isEmpty else { return [] }
        defer { outcomes.removeAll(keepingCapacity: true) }
        return outcomes
    }

    // MARK: Connections

    /// The server has accepted the client, so open exchanges continue.
    func begin(_ facts: MQTTServerFacts, into output: inout ByteBuffer) {
        self.facts = facts
        isConnected = true
        if !facts.sessionPresent {
            epoch += 1
            incoming.removeAll()
            // The server had the messages that it was to release. It has only lost the record that it did.
            for (id, entry) in inFlight where entry.isReleased { complete(id, .success) }
        }
        order.removeAll { inFlight[$0] == nil }
        resends = order
        pump(into: &output)
    }

    /// The connection is lost. Commands will not be answered.
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
