import RembusTransport
import RembusWire
import Synchronization

/// Deliveries to a gateway that takes them in their stored form.
extension GatewaySession {
    /// Takes publications in their stored form and acknowledgements as numbers, from now on and until the connection ends;
    /// what is behind the messages of this gateway goes with them.
    package func setSinks(_ sink: any DeliverySink & AnswerSink) {
        session.gateway.deliverySink = sink
        session.gateway.answerSink = sink
        session.gateway.keepsTrailer = true
    }

    /// Starts to deliver: first what earlier connections left unacknowledged, then what was missed.
    package func startDeliveries() {
        let now = session.core.clock.wall()
        for subscription in session.state.subscriptions.values where subscription.namespace != nil {
            subscription.passingUntil = now
        }
        _ = perform(.reactive(true, messageFrom: nil), topic: "")
    }

    /// Takes an acknowledgement without a frame around it.
    package func acknowledge(_ id: UInt64) { session.acknowledged(MessageID(littleEndian: id)) }

    /// Whether a delivery waits for its acknowledgement.
    package func isOwed(_ id: UInt64) -> Bool { session.state.inFlight.contains(id) }

    /// Sends a kept message to one of the client's subscriptions; false when the client cannot take more now.
    package func send(_ message: KeptMessage, to own: String) -> Bool {
        guard let subscription = subscription(own) else { return true }
        return session.send(message, to: subscription)
    }

    /// Deliveries may be unacknowledged up to this number; none at all are possible too.
    package func openWindow(to count: Int) {
        session.state.inFlight.limit = min(count, session.limits.maxInFlight)
        session.sendPostponed()
        if session.past.catchUp?.isWaiting == true { session.continueCatchUp() }
    }

    /// Has what the gateway keeps for this component counted among what the broker holds for it, in the place of what it
    /// kept before; false when there is no room for it.
    package func hold(_ bytes: Int) -> Bool {
        guard session.tables.hold(bytes, for: session.state) != nil else { return true }
        session.core.counters.refusedRegistrations.wrappingAdd(1, ordering: .relaxed)
        return false
    }

    /// Who this is, for what is published on its behalf when it is gone.
    package var identity: GatewayIdentity {
        GatewayIdentity(
            transport: session.transport, user: session.state.user, isProven: session.isProven,
            provenAt: session.provenAt, certificate: session.certificate)
    }
}
