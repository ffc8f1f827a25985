import NIOCore
import RembusBroker
import RembusMQTT
import RembusTransport
import RembusTrust
import RembusWire

/// SUBSCRIBE and UNSUBSCRIBE.
extension MQTTConnection {
    func subscribe(
        _ packetID: UInt16, _ subscriptions: [MQTTSubscription], _ properties: MQTTProperties
    ) throws(MQTTProtocolError) {
        guard let session else { return }
        // A packet is handled without interruption, while other connections wait.
        let limit = server.host.limits.maxSubscriptions
        guard subscriptions.count <= limit else {
            throw MQTTProtocolError(
                .quotaExceeded, "a SUBSCRIBE with \(subscriptions.count) filters; \(limit) are possible")
        }
        try check(subscriptions.map(\.filter))
        let identifier = properties.subscriptionIdentifiers.first ?? 0
        var reasons: [MQTTReason] = []
        var wanted: [String] = []
        for subscription in subscriptions {
            let isShared = MQTTTopics.sharedFilter(subscription.filter) != nil
            guard !isShared || !subscription.noLocal else {
                throw MQTTProtocolError(.protocolError, "a shared subscription with no local")
            }
            let interest = MQTTSession.Interest(subscription, identifier: identifier)
            switch session.subscribe(own: subscription.filter, options(interest)) {
            case .subscribed(let isNew):
                client.interests[subscription.filter] = interest
                reasons.append(.granted(subscription.qos))
                let wantsRetained = subscription.retainHandling == 0 || (subscription.retainHandling == 1 && isNew)
                if wantsRetained, !isShared { wanted.append(subscription.filter) }
            case .denied: reasons.append(.notAuthorized)
            case .unusable: reasons.append(.topicFilterInvalid)
            case .tooMany: reasons.append(.quotaExceeded)
            }
        }
        whenSessionSaved { [self, reasons, wanted] in
            send(.suback(packetID: packetID, reasons, properties: MQTTProperties()))
            for filter in wanted { wantRetained(filter) }
            sendWaitingMessages()
        }
    }

    /// Checks filters. A malformed one ends the connection, as a topic with a wildcard does (MQTT 5 §4.7.1, §4.8.2),
    /// and nothing of the packet is carried out.
    private func check(_ filters: [String]) throws(MQTTProtocolError) {
        for filter in filters where !MQTTTopics.isValidFilter(filter) {
            let shown = String(decoding: filter.utf8.prefix(100), as: UTF8.self).debugDescription
            throw MQTTProtocolError(.topicFilterInvalid, "\(shown) is no topic filter")
        }
    }

    func unsubscribe(_ packetID: UInt16, _ filters: [String]) throws(MQTTProtocolError) {
        guard let session else { return }
        try check(filters)
        let reasons = filters.map { filter -> MQTTReason in
            client.interests[filter] = nil
            forgetRetained(filter)
            return session.unsubscribe(own: filter) ? .success : .noSubscriptionExisted
        }
        whenSessionSaved { [self] in
            send(.unsuback(packetID: packetID, reasons, properties: MQTTProperties()))
        }
    }

    func options(_ interest: MQTTSession.Interest) -> GatewaySession.SubscriptionOptions {
        GatewaySession.SubscriptionOptions(
            highestQoS: QoS(interest.qos), hearsOwn: !interest.noLocal,
            isKept: interest.qos != .atMostOnce, tag: interest.tag)
    }

    /// Reports to the broker how many bytes the session takes. Returns false when there is no room for them.
    @discardableResult
    func noteHeldBytes() -> Bool {
        session?.hold((client.expiry > 0 ? client.byteCount : 0) + (will?.byteCount ?? 0)) ?? true
    }

    /// Saves the session if it is persistent, and then calls `answer`.
    private func whenSessionSaved(_ answer: @escaping () -> Void) {
        noteHeldBytes()
        guard let name, client.expiry > 0 else { return answer() }
        server.sessions.save(name, client)
        whenSaved(answer)
    }
}
