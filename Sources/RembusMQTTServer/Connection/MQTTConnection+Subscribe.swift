import NIOCore
import RembusBroker
import RembusMQTT
import RembusTransport
import RembusTrust

/// SUBSCRIBE and UNSUBSCRIBE.
extension MQTTConnection {
    func subscribe(
        _ packetID: UInt16, _ subscriptions: [MQTTSubscription], _ properties: MQTTProperties
    ) throws(MQTTProtocolError) {
        guard let session else { return }
        let identifier = properties.subscriptionIdentifiers.first ?? 0
        var reasons: [MQTTReason] = []
        var wanted: [String] = []
        for subscription in subscriptions {
            let isShared = MQTTTopics.sharedFilter(subscription.filter) != nil
            guard !isShared || !subscription.noLocal else {
                throw MQTTProtocolError(.protocolError, "a shared subscription with no local")
            }
            guard MQTTTopics.isValidFilter(subscription.filter) else {
                reasons.append(.topicFilterInvalid)
                continue
            }
            let interest = ClientSession.Interest(subscription, identifier: identifier)
            switch session.subscribe(mqtt: subscription.filter, options(interest)) {
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
        send(.suback(packetID: packetID, reasons, properties: MQTTProperties()))
        saveSession()
        for filter in wanted { sendRetained(filter, session) }
    }

    func unsubscribe(_ packetID: UInt16, _ filters: [String]) {
        guard let session else { return }
        let reasons = filters.map { filter -> MQTTReason in
            guard MQTTTopics.isValidFilter(filter) else { return .topicFilterInvalid }
            client.interests[filter] = nil
            forgetWaitingMessages(filter)
            return session.unsubscribe(mqtt: filter) ? .success : .noSubscriptionExisted
        }
        send(.unsuback(packetID: packetID, reasons, properties: MQTTProperties()))
        saveSession()
    }

    func options(_ interest: ClientSession.Interest) -> DoorSession.MQTTOptions {
        DoorSession.MQTTOptions(
            needsNoAcknowledgement: interest.qos == .atMostOnce, hearsOwn: !interest.noLocal,
            isKept: interest.qos != .atMostOnce, tag: interest.tag)
    }

    private func saveSession() {
        if let name, client.expiry > 0 { server.sessions.save(name, client) }
    }

    // MARK: Retained messages

    private func sendRetained(_ filter: String, _ session: DoorSession) {
        let now = MQTTServer.now / 1_000_000_000
        // Once, however often the client asks.
        forgetWaitingMessages(filter)
        for entry in server.retained.matching(filter, tenant: session.principal.tenant, now: now)
        where session.may(.subscribe, entry.topic) {
            waitingMessages.append((entry.message, filter))
        }
        sendWaitingMessages()
    }

    private func forgetWaitingMessages(_ filter: String) {
        guard !waitingMessages.isEmpty else { return }
        waitingMessages = CircularBuffer(waitingMessages.filter { $0.filter != filter })
    }

    /// Sends retained messages as far as the client can take them.
    func sendWaitingMessages() {
        guard let session else { return }
        while let (message, filter) = waitingMessages.first, !session.link.isCongested {
            guard session.send(message, to: filter) else { return }
            waitingMessages.removeFirst()
        }
    }
}
