import NIOCore

extension MQTTConnect {
    init(_ reader: inout MQTTByteReader, version: inout MQTTVersion) throws(MQTTProtocolError) {
        let name = try reader.text()
        let level = try reader.byte()
        guard let known = Self.version(of: name, level) else {
            guard name == "MQTT" || name == "MQIsdp" else {
                throw MQTTProtocolError(.unsupportedProtocolVersion, "the protocol is not MQTT")
            }
            // A client of a future version understands the answer of the newest version best.
            version = level > MQTTVersion.v5.rawValue ? .v5 : .v311
            throw MQTTProtocolError(.unsupportedProtocolVersion, "version \(level) of \(name) is not spoken here")
        }
        version = known
        let flags = try reader.byte()
        guard flags & 1 == 0 else { throw .malformed("a CONNECT has a reserved flag") }
        let keepAlive = try reader.short()
        let properties = known == .v5 ? try MQTTProperties.read(from: &reader, in: .connect) : MQTTProperties()
        self.init(
            version: known, clientID: try reader.text(), cleanStart: flags & 2 != 0, keepAlive: keepAlive,
            properties: properties)
        // Identifiers longer than the 23 characters of MQTT 3.1 are in use, and accepted.
        guard name == "MQTT" || !clientID.isEmpty else {
            throw MQTTProtocolError(.clientIdentifierNotValid, "MQTT 3.1 wants a client identifier")
        }
        let qos = try reader.qos(flags >> 3 & 3)
        if flags & 4 != 0 {
            will = try MQTTWill(&reader, known, qos, retain: flags & 0x20 != 0)
        } else {
            guard flags & 0x38 == 0 else { throw .malformed("flags of a will without a will") }
        }
        guard known == .v5 || flags & 0xC0 != 0x40 else { throw .malformed("a password without a user name") }
        if flags & 0x80 != 0 { userName = try reader.text() }
        if flags & 0x40 != 0 { password = try reader.data() }
    }

    /// MQTT 3.1 is treated as 3.1.1, which only has another name.
    private static func version(of name: String, _ level: UInt8) -> MQTTVersion? {
        switch name {
        case "MQTT": MQTTVersion(rawValue: level)
        case "MQIsdp": level == 3 ? .v311 : nil
        default: nil
        }
    }
}

extension MQTTWill {
    fileprivate init(
        _ reader: inout MQTTByteReader, _ version: MQTTVersion, _ qos: MQTTQoS, retain: Bool
    ) throws(MQTTProtocolError) {
        let properties = version == .v5 ? try MQTTProperties.read(from: &reader, in: .will) : MQTTProperties()
        let topic = try reader.text()
        guard MQTTTopics.isValidTopic(topic) else {
            throw MQTTProtocolError(.topicNameInvalid, "the topic of a will is not a topic name")
        }
        self.init(topic: topic, payload: try reader.data(), qos: qos, retain: retain, properties: properties)
    }
}
