import NIOCore
import RembusMQTT

/// The component's subscriptions at the MQTT server. Several of them can share a filter.
extension MQTTCarrier {
    func subscribe(_ admin: Message.Admin) {
        guard let (filter, _) = MQTTTopics.filter(ofPattern: admin.topic) else {
            return refuse(admin, "MQTT cannot carry the topic")
        }
        if filters[filter] == nil {
            lastIdentifier += 1
            filters[filter] = MQTTTopicFilter(identifier: lastIdentifier)
        }
        let pattern = TopicPattern.isPattern(admin.topic) ? TopicPattern(admin.topic) : nil
        filters[filter]?.topics.updateValue(pattern, forKey: admin.topic)
        lastToken += 1
        commands[lastToken] = MQTTCommand(id: admin.id, topic: admin.topic, filter: filter, isSubscribe: true)
        let knowsIdentifiers = mqtt.facts?.hasSubscriptionIdentifiers == true
        let subscription = MQTTSubscription(filter: filter, qos: .exactlyOnce, noLocal: true, retainHandling: 0)
        let isSent = connection?.subscribe(
            [subscription], identifier: knowsIdentifiers ? filters[filter]?.identifier : nil, token: lastToken)
        if isSent != true { answered(MQTTClientSession.Answer(token: lastToken, reasons: [])) }
    }

    func unsubscribe(_ admin: Message.Admin) {
        guard let (filter, _) = MQTTTopics.filter(ofPattern: admin.topic), var interest = filters[filter] else {
            return reply(.response(.init(id: admin.id, status: .ok)))
        }
        interest.topics[admin.topic] = nil
        guard interest.topics.isEmpty else {
            filters[filter] = interest
            return reply(.response(.init(id: admin.id, status: .ok)))
        }
        filters[filter] = nil
        lastToken += 1
        commands[lastToken] = MQTTCommand(id: admin.id, topic: admin.topic, filter: filter, isSubscribe: false)
        if connection?.unsubscribe([filter], token: lastToken) != true {
            answered(MQTTClientSession.Answer(token: lastToken, reasons: []))
        }
    }

    func answered(_ answer: MQTTClientSession.Answer) {
        guard let command = commands.removeValue(forKey: answer.token) else { return }
        let problem: String? =
            if let reason = answer.reasons.first {
                reason.isError ? "the MQTT server refuses it (\(reason))" : nil
            } else {
                "the connection was lost"
            }
        if let problem {
            if command.isSubscribe {
                filters[command.filter]?.topics[command.topic] = nil
                if filters[command.filter]?.topics.isEmpty == true { filters[command.filter] = nil }
            }
            return reply(.response(.init(id: command.id, status: .error, data: .text(problem))))
        }
        reply(.response(.init(id: command.id, status: .ok)))
    }
}
