import RembusTransport
import RembusWire
import Synchronization

/// Deliveries for gateways that take them in their stored form.
extension GatewaySession {
    /// From now on passes publications in their stored form, and acknowledgements as numbers, to `sink`. Bytes that
    /// this gateway puts behind its publications stay with them.
    package func setSinks(_ sink: any DeliverySink & AnswerSink) {
        session.gateway.deliverySink = sink
        session.gateway.answerSink = sink
        session.gateway.keepsTrailer = true
    }

    /// Starts delivery: first what earlier connections have left unacknowledged, then what the component has missed.
    package func startDeliveries() {
        let now = session.core.clock.wall()
        for subscription in session.state.subscriptions.values where subscription.namespace != nil {
            subscription.passingUntil = now
        }
        _ = perform(.reactive(true, messageFrom: nil), topic: "")
    }

    /// Takes an acknowledgement that came without a frame.
    package func acknowledge(_ id: UInt64) { session.acknowledged(MessageID(littleEndian: id)) }

    /// Whether a delivery still waits for its acknowledgement.
    package func isOwed(_ id: UInt64) -> Bool { session.state.inFlight.contains(id) }

    /// Sends a kept message to one of the client's subscriptions. Returns false when the client cannot take more now.
    package func send(_ message: KeptMessage, to own: String) -> Bool {
        guard let subscription = subscription(own) else { return true }
        return session.send(message, to: subscription)
    }

    /// Sets how many deliveries may be unacknowledged; 0 stops delivery.
    package func openWindow(to count: Int) {
        session.state.inFlight.limit = min(count, session.limits.maxInFlight)
        session.sendPostponed()
        if session.past.catchUp?.machine.isWaiting == true { session.continueCatchUp() }
    }

    /// Counts the bytes that the gateway keeps for this component, in place of the number given before. Returns false
    /// when there is no room for them.
    package func hold(_ bytes: Int) -> Bool {
        guard session.tables.hold(bytes, for: session.state) != nil else { return true }
        session.core.counters.refusedRegistrations.wrappingAdd(1, ordering: .relaxed)
        return false
    }

    /// The identity of this session, for publications on its behalf when it has ended.
    package var identity: GatewayIdentity {
        GatewayIdentity(
            transport: session.transport, user: session.state.user, isProven: session.isProven,
            provenAt: session.provenAt, certificate: session.certificate)
    }
}
