package import NIOCore

/// Acknowledges a message.
package struct MQTTReceipt: Sendable, Hashable {
    let packetID: UInt16
    package let qos: MQTTQoS
    let epoch: Int

    /// A number that copies of the message have too, and no other message that is unacknowledged at the same time.
    package var number: UInt64 { UInt64(truncatingIfNeeded: epoch) << 16 | UInt64(packetID) }
}

/// Messages of the server.
extension MQTTClientSession {
    enum Arrival {
        /// The message is for the owner, who has to acknowledge it if there is a receipt.
        case new(MQTTReceipt?)
        /// The owner has the message, or had it already.
        case known
    }

    func arrived(
        _ id: UInt16, _ qos: MQTTQoS, isDuplicate: Bool, maximum: UInt16, into output: inout ByteBuffer
    ) throws(MQTTProtocolError) -> Arrival {
        guard qos > .atMostOnce else { return .new(nil) }
        switch incoming[id] {
        case .delivered: return .known
        case .owed where isDuplicate:
            acknowledge(id, qos, into: &output)
            return .known
        case .received where qos == .exactlyOnce:
            acknowledge(id, qos, into: &output)
            return .known
        default: break
        }
        if version == .v5, incoming.count >= Int(maximum) {
            throw MQTTProtocolError(.receiveMaximumExceeded, "the server sends more than the receive maximum")
        }
        incoming[id] = .delivered
        return .new(MQTTReceipt(packetID: id, qos: qos, epoch: epoch))
    }

    /// Called when the owner has taken responsibility for a message.
    package func acknowledge(_ receipt: MQTTReceipt, into output: inout ByteBuffer) {
        guard receipt.epoch == epoch, case .delivered = incoming[receipt.packetID] else { return }
        guard isConnected else {
            incoming[receipt.packetID] = .owed(receipt.qos)
            return
        }
        acknowledge(receipt.packetID, receipt.qos, into: &output)
    }

    /// The owner has lost the messages that it has not acknowledged, so that copies of them are new to it.
    package func forgetDelivered() {
        incoming = incoming.filter { if case .delivered = $0.value { false } else { true } }
    }

    private func acknowledge(_ id: UInt16, _ qos: MQTTQoS, into output: inout ByteBuffer) {
        if qos == .exactlyOnce {
            incoming[id] = .received
            return MQTTPacket.pubrec(packetID: id, reason: .success, properties: MQTTProperties())
                .encode(version: version, into: &output)
        }
        incoming[id] = nil
        MQTTPacket.puback(packetID: id, reason: .success, properties: MQTTProperties())
            .encode(version: version, into: &output)
    }

    func received(pubrel id: UInt16, into output: inout ByteBuffer) {
        let isKnown = if case .received = incoming[id] { true } else { false }
        if isKnown { incoming[id] = nil }
        MQTTPacket.pubcomp(
            packetID: id, reason: isKnown ? .success : .packetIdentifierNotFound, properties: MQTTProperties()
        ).encode(version: version, into: &output)
    }
}
