import NIOCore
import RembusBroker
import RembusMQTT
import RembusSupport
import RembusTransport
import RembusTrust
import RembusWire

/// Retained messages on their way to a client that has subscribed.
///
/// What waits for a client that cannot take them are its filters. The messages of one filter are looked up when those of the one
/// before have left: of ten thousand filters each may match all that is retained.
extension MQTTConnection {
    /// Has the client sent what is retained under a filter, once, however often it asks.
    func wantRetained(_ filter: String) {
        forgetRetained(filter)
        // Those that were given up leave their place when it is their turn.
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

    /// Notes a retained message that the client is to get.
    func wait(_ message: KeptMessage, _ filter: String) {
        sendingFilters.insert(filter)
        waitingMessages.append((message, filter))
    }

    /// Whether something retained is still to be sent.
    var isSendingRetained: Bool { !waitingMessages.isEmpty || !wantedFilters.isEmpty }

    /// Sends retained messages as far as the client can take them and others need not wait for it.
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

    /// What is retained under a filter, oldest first.
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
