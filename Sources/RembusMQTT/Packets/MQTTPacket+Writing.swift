package import NIOCore

extension MQTTPacket {
    /// The bytes of the largest packet that can be written: one for the type, four for the length, and the rest.
    package static let maxBytes = 5 + ByteBuffer.maxMQTTVariable

    /// The number of bytes that ``encode(version:into:)`` appends.
    package func encodedLength(version: MQTTVersion) -> Int {
        var buffer = ByteBuffer()
        encode(version: version, into: &buffer)
        return buffer.readableBytes
    }

    /// Appends the packet. Parts that the version does not have are left out.
    package func encode(version: MQTTVersion, into buffer: inout ByteBuffer) {
        switch self {
        case .publish(let publish): publish.encode(version: version, into: &buffer)
        case .pingreq: buffer.writeInteger(0xC000 as UInt16)
        case .pingresp: buffer.writeInteger(0xD000 as UInt16)
        case .puback(let id, let reason, let properties):
            Self.writeAcknowledgement(.puback, id, reason, properties, version, into: &buffer)
        case .pubrec(let id, let reason, let properties):
            Self.writeAcknowledgement(.pubrec, id, reason, properties, version, into: &buffer)
        case .pubrel(let id, let reason, let properties):
            Self.writeAcknowledgement(.pubrel, id, reason, properties, version, into: &buffer)
        case .pubcomp(let id, let reason, let properties):
            Self.writeAcknowledgement(.pubcomp, id, reason, properties, version, into: &buffer)
        default:
            var body = ByteBuffer()
            let type = writeBody(version, into: &body)
            buffer.writeInteger(type.rawValue << 4 | type.flags)
            buffer.writeMQTTVariable(body.readableBytes)
            buffer.writeBuffer(&body)
        }
    }

    /// Writes packets that are rare, whose length is found by writing them.
    private func writeBody(_ version: MQTTVersion, into body: inout ByteBuffer) -> MQTTPacketType {
        switch self {
        case .connect(let connect):
            connect.writeBody(into: &body)
            return .connect
        case .connack(let sessionPresent, let reason, let properties):
            body.writeInteger(sessionPresent ? 1 : 0 as UInt8)
            body.writeInteger(version == .v5 ? reason.rawValue : reason.v311ConnectCode)
            if version == .v5 { properties.encode(into: &body) }
            return .connack
        case .subscribe(let id, let subscriptions, let properties):
            body.writeInteger(id)
            if version == .v5 { properties.encode(into: &body) }
            for subscription in subscriptions { subscription.write(version, into: &body) }
            return .subscribe
        case .suback(let id, let reasons, let properties):
            body.writeInteger(id)
            if version == .v5 { properties.encode(into: &body) }
            for reason in reasons { body.writeInteger(version == .v5 ? reason.rawValue : reason.v311SubscribeCode) }
            return .suback
        case .unsubscribe(let id, let filters, let properties):
            body.writeInteger(id)
            if version == .v5 { properties.encode(into: &body) }
            for filter in filters { body.writeMQTTText(filter) }
            return .unsubscribe
        case .unsuback(let id, let reasons, let properties):
            body.writeInteger(id)
            guard version == .v5 else { return .unsuback }
            properties.encode(into: &body)
            for reason in reasons { body.writeInteger(reason.rawValue) }
            return .unsuback
        case .auth(let reason, let properties):
            Self.writeReason(reason, properties, into: &body)
            return .auth
        case .disconnect(let reason, let properties):
            if version == .v5 { Self.writeReason(reason, properties, into: &body) }
            return .disconnect
        case .publish, .puback, .pubrec, .pubrel, .pubcomp, .pingreq, .pingresp:
            preconditionFailure("written by encode")
        }
    }

    /// Success without properties is written as nothing.
    private static func writeReason(_ reason: MQTTReason, _ properties: MQTTProperties, into body: inout ByteBuffer) {
        guard reason != .success || !properties.isEmpty else { return }
        body.writeInteger(reason.rawValue)
        if !properties.isEmpty { properties.encode(into: &body) }
    }

    private static func writeAcknowledgement(
        _ type: MQTTPacketType, _ id: UInt16, _ reason: MQTTReason, _ properties: MQTTProperties,
        _ version: MQTTVersion, into buffer: inout ByteBuffer
    ) {
        buffer.writeInteger(type.rawValue << 4 | type.flags)
        guard version == .v5, reason != .success || !properties.isEmpty else {
            buffer.writeInteger(2 as UInt8)
            buffer.writeInteger(id)
            return
        }
        buffer.writeMQTTVariable(properties.isEmpty ? 3 : 3 + properties.encodedLength)
        buffer.writeInteger(id)
        buffer.writeInteger(reason.rawValue)
        if !properties.isEmpty { properties.encode(into: &buffer) }
    }
}

extension MQTTSubscription {
    fileprivate func write(_ version: MQTTVersion, into body: inout ByteBuffer) {
        body.writeMQTTText(filter)
        var options = qos.rawValue
        if version == .v5 {
            options |= (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | min(retainHandling, 2) << 4
        }
        body.writeInteger(options)
    }
}

extension MQTTConnect {
    fileprivate func writeBody(into body: inout ByteBuffer) {
        body.writeMQTTText("MQTT")
        body.writeInteger(version.rawValue)
        var flags: UInt8 = cleanStart ? 2 : 0
        if let will { flags |= 4 | will.qos.rawValue << 3 | (will.retain ? 0x20 : 0) }
        if userName != nil { flags |= 0x80 }
        // MQTT 3.1.1 does not allow a password without a user name.
        let password = userName == nil && version == .v311 ? nil : self.password
        if password != nil { flags |= 0x40 }
        body.writeInteger(flags)
        body.writeInteger(keepAlive)
        if version == .v5 { properties.encode(into: &body) }
        body.writeMQTTText(clientID)
        if let will {
            if version == .v5 { will.properties.encode(into: &body) }
            body.writeMQTTText(will.topic)
            body.writeMQTTData(will.payload)
        }
        if let userName { body.writeMQTTText(userName) }
        if let password { body.writeMQTTData(password) }
    }
}
