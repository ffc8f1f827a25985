import NIOCore
import RembusTransport

/// Packets of the server.
extension MQTTClientConnection {
    func handle(_ frame: MQTTFrame) throws(MQTTProtocolError) {
        if frame.isPublish {
            guard state != .connecting else { throw .violation("a message before the CONNACK") }
            return try receive(try MQTTPublish(try MQTTPublishView(frame, version: version)))
        }
        var version = version
        let packet = try MQTTPacket(frame, version: &version)
        if state == .connecting {
            guard case .connack(let sessionPresent, let reason, let properties) = packet else {
                throw .violation("something else than a CONNACK")
            }
            return try answered(sessionPresent, reason, properties)
        }
        switch packet {
        case .puback(let id, let reason, _): session.received(puback: id, reason, into: &output)
        case .pubrec(let id, let reason, _): session.received(pubrec: id, reason, into: &output)
        case .pubcomp(let id, _, _): session.received(pubcomp: id, into: &output)
        case .pubrel(let id, _, _): session.received(pubrel: id, into: &output)
        case .suback(let id, let reasons, _):
            try session.received(answer: id, reasons, hasReasons: true).map { delegate?.mqtt(self, answered: $0) }
        case .unsuback(let id, let reasons, _):
            try session.received(answer: id, reasons, hasReasons: version == .v5)
                .map { delegate?.mqtt(self, answered: $0) }
        case .pingresp: awaitsPong = false
        case .disconnect(let reason, let properties) where version == .v5:
            let text = properties.reasonString.map { ": \($0.prefix(200))" } ?? ""
            end(MQTTClientFailure(.refused(reason), "the MQTT server ended the connection (\(reason))\(text)"))
        default: throw .violation("a packet that servers do not send")
        }
    }

    private func answered(
        _ sessionPresent: Bool, _ reason: MQTTReason, _ properties: MQTTProperties
    ) throws(MQTTProtocolError) {
        guard reason == .success else { return end(.refused(reason, properties)) }
        let facts = MQTTServerFacts(
            version: version, sessionPresent: sessionPresent, options: options, properties: properties)
        state = .open
        closeTask?.cancel()
        session.isBlocked = context?.channel.isWritable == false
        session.begin(facts, into: &output)
        scheduleKeepAlive(facts.keepAlive)
        delegate?.mqtt(self, accepted: facts)
        answer.succeed(facts)
    }

    private func receive(_ publish: MQTTPublish) throws(MQTTProtocolError) {
        guard !publish.topic.isEmpty, publish.properties.topicAlias == nil else {
            throw MQTTProtocolError(.topicAliasInvalid, "a topic alias, although none was allowed")
        }
        let arrival = try session.arrived(
            publish.packetID, publish.qos, isDuplicate: publish.isDuplicate, maximum: options.receiveMaximum,
            into: &output)
        guard case .new(let receipt) = arrival, state == .open else { return }
        delegate?.mqtt(self, received: publish, receipt: receipt)
    }

    func violated(_ error: MQTTProtocolError) {
        if version == .v5, state == .open {
            let reason = error.reason == .unsupportedProtocolVersion ? MQTTReason.protocolError : error.reason
            MQTTPacket.disconnect(reason: reason, properties: MQTTProperties()).encode(version: version, into: &output)
        }
        let advice = state == .connecting ? "; \(NetworkProblem.wrongPort)" : ""
        end(MQTTClientFailure(.violation(error.reason), "the server does not speak MQTT: \(error)\(advice)"))
    }
}
