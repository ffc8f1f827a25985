package import NIOCore

extension MQTTProperties {
    /// Reads the properties of a PUBLISH in the form of ``encode(into:)``.
    package init(publish bytes: ByteBuffer) throws(MQTTProtocolError) {
        var reader = MQTTByteReader(bytes)
        self = try MQTTProperties.read(from: &reader, in: .publish)
        try reader.expectEnd()
    }

    /// Reads a length and the properties behind it.
    static func read(
        from packet: inout MQTTByteReader, in place: MQTTPropertyPlace
    ) throws(MQTTProtocolError) -> MQTTProperties {
        var properties = MQTTProperties()
        let length = try packet.variable()
        if length == 0 { return properties }
        var reader = MQTTByteReader(try packet.slice(length))
        var seen: UInt64 = 0
        while !reader.isAtEnd {
            // The identifiers of all properties have one byte.
            guard let id = MQTTPropertyID(rawValue: try reader.byte()) else {
                throw .malformed("a property has an unknown identifier")
            }
            guard !id.places.isDisjoint(with: place) else {
                throw .violation("a property does not belong to its packet")
            }
            let bit: UInt64 = 1 << UInt64(id.rawValue)
            guard seen & bit == 0 || id.mayRepeat(in: place) else { throw .violation("a property occurs twice") }
            seen |= bit
            properties.append(id, try value(of: id, from: &reader))
        }
        guard properties.authenticationData == nil || properties.authenticationMethod != nil else {
            throw .violation("authentication data without a method")
        }
        properties.sort()
        return properties
    }

    private static func value(
        of id: MQTTPropertyID, from reader: inout MQTTByteReader
    ) throws(MQTTProtocolError) -> Value {
        switch id.form {
        case .byte:
            let value = try reader.byte()
            // Every property of this form is a truth value, or a QoS of 0 or 1.
            guard value <= 1 else { throw .violation("a property is neither 0 nor 1") }
            return .byte(value)
        case .short:
            let value = try reader.short()
            if id == .topicAlias, value == 0 { throw MQTTProtocolError(.topicAliasInvalid, "a topic alias is 0") }
            if id == .receiveMaximum, value == 0 { throw .violation("a receive maximum is 0") }
            return .short(value)
        case .long:
            let value = try reader.long()
            if id == .maximumPacketSize, value == 0 { throw .violation("a maximum packet size is 0") }
            return .long(value)
        case .variable:
            let value = try reader.variable()
            guard value != 0 else { throw .violation("a subscription identifier is 0") }
            return .variable(value)
        case .text:
            let text = try reader.text()
            if id == .responseTopic, !MQTTTopics.isValidTopic(text) {
                throw .violation("a response topic is not a topic name")
            }
            return .text(text)
        case .bytes: return .bytes(try reader.data())
        case .pair: return .pair(try reader.text(), try reader.text())
        }
    }
}
