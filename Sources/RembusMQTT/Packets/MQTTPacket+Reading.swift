import NIOCore

extension MQTTPacket {
    /// Decodes a packet; a CONNECT sets the version.
    package init(_ frame: MQTTFrame, version: inout MQTTVersion) throws(MQTTProtocolError) {
        var reader = MQTTByteReader(frame.body)
        switch frame.type {
        case .connect: self = .connect(try MQTTConnect(&reader, version: &version))
        case .connack: self = try Self.connack(&reader, version)
        case .publish: self = .publish(try MQTTPublish(try MQTTPublishView(frame, version: version)))
        case .puback, .pubrec, .pubrel, .pubcomp: self = try Self.acknowledgement(frame.type, &reader, version)
        case .subscribe: self = try Self.subscribe(&reader, version)
        case .suback: self = try Self.suback(&reader, version)
        case .unsubscribe: self = try Self.unsubscribe(&reader, version)
        case .unsuback: self = try Self.unsuback(&reader, version)
        case .pingreq: self = .pingreq
        case .pingresp: self = .pingresp
        case .disconnect: self = try Self.disconnect(&reader, version)
        case .auth: self = try Self.auth(&reader, version)
        }
        if frame.type != .publish { try reader.expectEnd() }
    }

    private static func properties(
        _ reader: inout MQTTByteReader, _ version: MQTTVersion, _ place: MQTTPropertyPlace
    ) throws(MQTTProtocolError) -> MQTTProperties {
        version == .v5 ? try MQTTProperties.read(from: &reader, in: place) : MQTTProperties()
    }

    private static func connack(
        _ reader: inout MQTTByteReader, _ version: MQTTVersion
    ) throws(MQTTProtocolError) -> MQTTPacket {
        let flags = try reader.byte()
        guard flags <= 1 else { throw .malformed("a CONNACK has reserved flags") }
        let reason: MQTTReason
        // A server that supports only MQTT 3.1.1 refuses MQTT 5 with two bytes.
        if version == .v5, reader.count > 1 {
            reason = try reader.reason(.ofConnack)
        } else {
            guard let known = MQTTReason(v311ConnectCode: try reader.byte()) else {
                throw .violation("a CONNACK has an unknown code")
            }
            reason = known
        }
        guard flags == 0 || reason == .success else { throw .violation("a refused CONNECT with a session") }
        let properties = reader.isAtEnd ? MQTTProperties() : try properties(&reader, version, .connack)
        return .connack(sessionPresent: flags == 1, reason: reason, properties: properties)
    }

    private static func acknowledgement(
        _ type: MQTTPacketType, _ reader: inout MQTTByteReader, _ version: MQTTVersion
    ) throws(MQTTProtocolError) -> MQTTPacket {
        let id = try reader.packetID()
        var (reason, properties) = (MQTTReason.success, MQTTProperties())
        let isRelease = type == .pubrel || type == .pubcomp
        if version == .v5, !reader.isAtEnd { reason = try reader.reason(isRelease ? .ofPubrel : .ofPuback) }
        switch type {
        case .puback:
            if version == .v5, !reader.isAtEnd { properties = try MQTTProperties.read(from: &reader, in: .puback) }
            return .puback(packetID: id, reason: reason, properties: properties)
        case .pubrec:
            if version == .v5, !reader.isAtEnd { properties = try MQTTProperties.read(from: &reader, in: .pubrec) }
            return .pubrec(packetID: id, reason: reason, properties: properties)
        case .pubrel:
            if version == .v5, !reader.isAtEnd { properties = try MQTTProperties.read(from: &reader, in: .pubrel) }
            return .pubrel(packetID: id, reason: reason, properties: properties)
        default:
            if version == .v5, !reader.isAtEnd { properties = try MQTTProperties.read(from: &reader, in: .pubcomp) }
            return .pubcomp(packetID: id, reason: reason, properties: properties)
        }
    }

    private static func subscribe(
        _ reader: inout MQTTByteReader, _ version: MQTTVersion
    ) throws(MQTTProtocolError) -> MQTTPacket {
        let id = try reader.packetID()
        let properties = try properties(&reader, version, .subscribe)
        var subscriptions: [MQTTSubscription] = []
        while !reader.isAtEnd { subscriptions.append(try MQTTSubscription(&reader, version)) }
        guard !subscriptions.isEmpty else { throw .violation("a SUBSCRIBE without a filter") }
        return .subscribe(packetID: id, subscriptions, properties: properties)
    }

    private static func suback(
        _ reader: inout MQTTByteReader, _ version: MQTTVersion
    ) throws(MQTTProtocolError) -> MQTTPacket {
        let id = try reader.packetID()
        let properties = try properties(&reader, version, .suback)
        var reasons: [MQTTReason] = []
        while !reader.isAtEnd {
            reasons.append(try reader.reason(version == .v5 ? .ofSuback : .ofV311Suback))
        }
        guard !reasons.isEmpty else { throw .violation("a SUBACK without a reason") }
        return .suback(packetID: id, reasons, properties: properties)
    }

    private static func unsubscribe(
        _ reader: inout MQTTByteReader, _ version: MQTTVersion
    ) throws(MQTTProtocolError) -> MQTTPacket {
        let id = try reader.packetID()
        let properties = try properties(&reader, version, .unsubscribe)
        var filters: [String] = []
        while !reader.isAtEnd { filters.append(try reader.text()) }
        guard !filters.isEmpty else { throw .violation("an UNSUBSCRIBE without a filter") }
        return .unsubscribe(packetID: id, filters, properties: properties)
    }

    private static func unsuback(
        _ reader: inout MQTTByteReader, _ version: MQTTVersion
    ) throws(MQTTProtocolError) -> MQTTPacket {
        let id = try reader.packetID()
        let properties = try properties(&reader, version, .unsuback)
        var reasons: [MQTTReason] = []
        if version == .v5 {
            while !reader.isAtEnd { reasons.append(try reader.reason(.ofUnsuback)) }
            guard !reasons.isEmpty else { throw .violation("an UNSUBACK without a reason") }
        }
        return .unsuback(packetID: id, reasons, properties: properties)
    }

    private static func disconnect(
        _ reader: inout MQTTByteReader, _ version: MQTTVersion
    ) throws(MQTTProtocolError) -> MQTTPacket {
        guard version == .v5, !reader.isAtEnd else {
            return .disconnect(reason: .success, properties: MQTTProperties())
        }
        let reason = try reader.reason(.ofDisconnect)
        let properties =
            reader.isAtEnd ? MQTTProperties() : try MQTTProperties.read(from: &reader, in: .disconnect)
        return .disconnect(reason: reason, properties: properties)
    }

    private static func auth(
        _ reader: inout MQTTByteReader, _ version: MQTTVersion
    ) throws(MQTTProtocolError) -> MQTTPacket {
        guard version == .v5 else { throw .malformed("packet type 15 does not exist") }
        guard !reader.isAtEnd else { return .auth(reason: .success, properties: MQTTProperties()) }
        let reason = try reader.reason(.ofAuth)
        let properties = reader.isAtEnd ? MQTTProperties() : try MQTTProperties.read(from: &reader, in: .auth)
        return .auth(reason: reason, properties: properties)
    }
}

extension MQTTSubscription {
    fileprivate init(_ reader: inout MQTTByteReader, _ version: MQTTVersion) throws(MQTTProtocolError) {
        let filter = try reader.text()
        let options = try reader.byte()
        let qos = try reader.qos(options & 3)
        self.init(filter: filter, qos: qos)
        guard version == .v5 else {
            guard options & 0xFC == 0 else { throw .malformed("a subscription has reserved bits") }
            return
        }
        guard options & 0xC0 == 0 else { throw .malformed("a subscription has reserved bits") }
        noLocal = options & 4 != 0
        retainAsPublished = options & 8 != 0
        retainHandling = options >> 4 & 3
        guard retainHandling < 3 else { throw .violation("retain handling 3 does not exist") }
        guard !noLocal || !filter.hasPrefix("$share/") else { throw .violation("a shared subscription with no local") }
    }
}
