package import NIOCore
import RembusStore
import RembusTransport
import RembusTrust
package import RembusWire
import Synchronization

/// What MQTT does in another way than Rembus.
extension GatewaySession {
    /// How an MQTT client wants a filter served.
    package struct MQTTOptions: Sendable {
        /// Everything is sent at QoS 0, also what was published above.
        package var needsNoAcknowledgement: Bool
        /// Whether the client also gets what it publishes itself.
        package var hearsOwn: Bool
        /// Whether what is published while the client is away waits for it.
        package var isKept: Bool
        /// Given back with each delivery.
        package var tag: Int

        package init(needsNoAcknowledgement: Bool, hearsOwn: Bool, isKept: Bool, tag: Int) {
            self.needsNoAcknowledgement = needsNoAcknowledgement
            self.hearsOwn = hearsOwn
            self.isKept = isKept
            self.tag = tag
        }
    }

    /// What became of a SUBSCRIBE.
    package enum MQTTOutcome: Sendable {
        case subscribed(isNew: Bool)
        case denied
        case unusable
        case tooMany
    }

    /// Takes publications in their stored form and acknowledgements as numbers, from now on and until the connection ends;
    /// what is behind the messages of this gateway goes with them.
    package func setSinks(_ sink: any DeliverySink & AnswerSink) {
        session.deliverySink = sink
        session.answers = sink
        session.keepsTrailer = true
    }

    /// Subscribes an MQTT filter, which may begin with `$share/<group>/`. Nothing older than now comes.
    package func subscribe(mqtt filter: String, _ options: MQTTOptions) -> MQTTOutcome {
        session.subscribe(mqtt: filter, options)
    }

    /// Whether the filter was subscribed.
    package func unsubscribe(mqtt filter: String) -> Bool {
        let text = MQTTInterest.mark + filter
        guard session.state.subscriptions[ExactText(text)] != nil else { return false }
        session.unsubscribe(text)
        return true
    }

    /// Applies options to a filter that was subscribed on an earlier connection; false when it was not.
    package func resume(mqtt filter: String, _ options: MQTTOptions) -> Bool {
        guard let known = session.state.subscriptions[ExactText(MQTTInterest.mark + filter)] else { return false }
        session.apply(options, to: known)
        return true
    }

    /// The filters that are subscribed.
    package var mqttFilters: [String] {
        session.state.subscriptions.values.filter { $0.mqtt != nil }
            .map { String(Substring($0.topic.utf8.dropFirst(MQTTInterest.mark.utf8.count))) }
    }

    /// Drops the client's subscriptions and unacknowledged deliveries.
    package func forgetMQTT() {
        for subscription in session.state.subscriptions.values where subscription.mqtt != nil {
            session.unsubscribe(subscription.topic)
        }
        session.state.forgetMQTT()
    }

    /// Whether subscriptions and deliveries end with the connection.
    package var isTransient: Bool {
        get { session.state.isTransient }
        set {
            guard session.state.isTransient != newValue else { return }
            session.state.isTransient = newValue
            session.changed()
        }
    }

    /// Has what the gateway keeps for this component counted among what the broker holds for it, in the place of what it
    /// kept before; false when there is no room for it.
    package func hold(_ bytes: Int) -> Bool {
        guard session.tables.hold(bytes, for: session.state) != nil else { return true }
        session.core.counters.refusedRegistrations.wrappingAdd(1, ordering: .relaxed)
        return false
    }

    /// Starts to deliver: first what earlier connections left unacknowledged, then what was missed.
    package func startDeliveries() {
        let now = session.core.clock.wall()
        for subscription in session.state.subscriptions.values where subscription.mqtt != nil {
            subscription.passingUntil = now
        }
        _ = perform(.reactive(true, messageFrom: nil), topic: "")
    }

    /// Takes an acknowledgement without a frame around it.
    package func acknowledge(_ id: UInt64) { session.acknowledged(MessageID(littleEndian: id)) }

    /// Whether a delivery waits for its acknowledgement.
    package func isOwed(_ id: UInt64) -> Bool { session.state.inFlight.contains(id) }

    /// Sends a kept message to one of the client's filters; false when the client cannot take more now.
    package func send(_ message: KeptMessage, to filter: String) -> Bool {
        guard let subscription = session.state.subscriptions[ExactText(MQTTInterest.mark + filter)] else { return true }
        let retained = RetainedPublication(
            header: message.header, buffer: message.frame, memory: session.lane.memory.kept)
        return session.sendAgain(retained, receivedAt: message.receivedAt, subscription)
    }

    /// Deliveries may be unacknowledged up to this number; none at all are possible too.
    package func openWindow(to count: Int) {
        session.state.inFlight.limit = min(count, session.limits.maxInFlight)
        session.sendPostponed()
        if session.catchUp?.isWaiting == true { session.continueCatchUp() }
    }

    /// Who this is, for what is published on its behalf when it is gone.
    package var identity: GatewayIdentity {
        GatewayIdentity(
            user: session.state.user, isProven: session.isProven, provenAt: session.provenAt,
            certificate: session.certificate)
    }
}

/// A publication that is kept: its frame with its trailer.
package struct KeptMessage: Sendable {
    package let frame: ByteBuffer
    package let header: FrameHeader
    package let receivedAt: UInt64

    /// nil when the bytes are no publication.
    package init?(_ frame: ByteBuffer, receivedAt: UInt64) {
        guard case .regular(let header) = frame.withUnsafeReadableBytes({ FrameHeader.parse($0) }),
            header.kind == .publish
        else { return nil }
        self.frame = frame
        self.header = header
        self.receivedAt = receivedAt
    }
}

extension Session {
    func subscribe(mqtt filter: String, _ options: GatewaySession.MQTTOptions) -> GatewaySession.MQTTOutcome {
        let text = MQTTInterest.mark + filter
        guard let interest = MQTTInterest(text), isUsable(interest.filter) else { return .unusable }
        if let known = state.subscriptions[ExactText(text)] {
            apply(options, to: known)
            changed()
            return .subscribed(isNew: false)
        }
        guard interest.isPattern || may(.subscribe, interest.filter) else {
            deny(.subscribe, interest.filter)
            return .denied
        }
        guard state.subscriptions.count < limits.maxSubscriptions, noRoom(subscribing: [text]) == nil else {
            return .tooMany
        }
        let now = Array(repeating: core.clock.wall(), count: core.store.partitionCount)
        let subscription = Subscription(topic: text, messageFrom: 0, marks: now)
        apply(options, to: subscription)
        state.subscriptions[ExactText(text)] = subscription
        changed()
        tables.subscribe(self, state, subscription)
        report(.subscribed(filter))
        return .subscribed(isNew: true)
    }

    func apply(_ options: GatewaySession.MQTTOptions, to subscription: Subscription) {
        subscription.needsNoAcknowledgement = options.needsNoAcknowledgement
        subscription.hearsOwn = options.hearsOwn
        subscription.tag = options.tag
        let isKept = options.isKept && subscription.mqtt?.isShared != true
        subscription.messageFrom = isKept ? .infinity : 0
    }
}
