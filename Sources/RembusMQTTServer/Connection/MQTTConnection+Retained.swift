import NIOCore
import RembusBroker
import RembusMQTT
import RembusSupport
import RembusTransport
import RembusTrust
import RembusWire

/// Sends retained messages to a client that has subscribed.
///
/// For a client that cannot take more, filters wait, not messages. The messages of a filter are looked up when those of
/// the one before have left, because each of ten thousand filters may match all retained messages.
extension MQTTConnection {
    /// Queues a filter whose retained messages are to be sent; once, however often the client subscribes.
    func wantRetained(_ filter: String) {
        forgetRetained(filter)
        // Filters that were given up are removed from the queue when there are many.
        if waitingFilters.count > 2 * wantedFilters.count + 16 {
            waitingFilters = CircularBuffer(waitingFilters.filter { wantedFilters[$0.filter] == $0.number })
        }
        filterCount += 1
        wantedFilters[filter] = filterCount
        waitingFilters.append((filter, filterCount))
    }

    func forgetRetained(_ filter: String) {
        wantedFilters[filter] = nil
        guard sendingFilters.remove(filter) != nil else { return }
        waitingMessages = CircularBuffer(waitingMessages.filter { $0.filter != filter })
    }

    /// Queues a retained message for the client.
    func wait(_ message: KeptMessage, _ filter: String) {
        sendingFilters.insert(filter)
        waitingMessages.append((message, filter))
    }

    /// Whether there are retained messages to be sent.
    var isSendingRetained: Bool { !waitingMessages.isEmpty || !wantedFilters.isEmpty }

    /// Sends retained messages while the client takes them, and for no longer than one turn.
    func sendWaitingMessages() {
        guard let session, isSendingRetained else { return }
        var turn = Turn()
        turn.begin(at: .now())
        while true {
            while let (message, filter) = waitingMessages.first {
                guard !session.link.isCongested, session.send(MQTTTrailer.marked(message), to: filter) else { return }
                waitingMessages.removeFirst()
            }
            sendingFilters = []
            guard !session.link.isCongested, let filter = nextFilter() else { return }
            for entry in retained(under: filter, session)
            where session.may(.subscribe, entry.topic) {
                wait(entry.message, filter)
            }
            if turn.isOver(at: .now()) { return goOnLater(session) }
        }
    }

    /// The retained messages that match a filter, oldest first.
    func retained(under filter: String, _ session: GatewaySession) -> [LastValue] {
        let (values, tenant) = (server.host.lastValues, session.principal.tenant)
        guard MQTTTopics.isPattern(filter) else { return values.value(of: filter, tenant: tenant).map { [$0] } ?? [] }
        return values.values(matching: TopicPattern(mqttFilter: filter), tenant: tenant)
    }

    private func nextFilter() -> String? {
        while let (filter, number) = waitingFilters.popFirst() {
            guard wantedFilters[filter] == number else { continue }
            wantedFilters[filter] = nil
            return filter
        }
        return nil
    }

    private func goOnLater(_ session: GatewaySession) {
        guard !isRetainedTurnScheduled else { return }
        isRetainedTurnScheduled = true
        session.link.group.turns.add {
            self.isRetainedTurnScheduled = false
            session.beginWork()
            self.endWork()
        }
    }
}
