package import NIOCore

/// How a client connects.
package struct MQTTClientOptions: Sendable {
    /// The client identifier. If it is empty the server chooses one (and keeps no session of MQTT 3.1.1).
    package var clientID: String
    package var userName: String?
    package var password: [UInt8]?
    /// Whether the server is to delete its state of earlier connections.
    package var cleanStart = true
    /// How long the server is to keep the session without a connection, in seconds.
    package var sessionExpiry: UInt32 = 0
    /// Whether a server of MQTT 3.1.1, whose sessions do not expire, is to keep the session too.
    package var mayKeepForever = false
    /// The interval of pings in seconds; 0 for none.
    package var keepAlive: UInt16 = 30
    /// How many messages the server may send before the first of them is acknowledged.
    package var receiveMaximum: UInt16 = 256
    package var maxPacketBytes = 62_914_560
    /// How long connecting may take, from the first packet to the server's answer.
    package var timeout = TimeAmount.seconds(10)

    package init(clientID: String) {
        self.clientID = clientID
    }

    func connect(_ version: MQTTVersion) -> MQTTConnect {
        var connect = MQTTConnect(
            version: version, clientID: clientID, cleanStart: cleanStart, keepAlive: keepAlive, userName: userName,
            password: password.map { ByteBuffer(bytes: $0) })
        if version == .v5 {
            if sessionExpiry > 0 { connect.properties.sessionExpiry = sessionExpiry }
            connect.properties.receiveMaximum = receiveMaximum
            connect.properties.maximumPacketSize = UInt32(clamping: maxPacketBytes)
        } else {
            // A session without a client identifier could not be found again, and MQTT 3.1.1 forbids to ask for it.
            if clientID.isEmpty || sessionExpiry == 0 || !mayKeepForever { connect.cleanStart = true }
            if password != nil, userName == nil { connect.userName = "" }
        }
        return connect
    }
}

/// The server's answer when it accepted a client.
package struct MQTTServerFacts: Sendable {
    package var version: MQTTVersion
    package var sessionPresent: Bool
    package var receiveMaximum = 65_535
    package var maximumQoS = MQTTQoS.exactlyOnce
    package var maximumPacketSize = MQTTPacket.maxBytes
    package var keepAlive: UInt16
    package var clientID: String
    /// Whether messages can tell which subscriptions they are for.
    package var hasSubscriptionIdentifiers: Bool

    init(version: MQTTVersion, sessionPresent: Bool, options: MQTTClientOptions, properties: MQTTProperties) {
        self.version = version
        self.sessionPresent = sessionPresent
        receiveMaximum = properties.receiveMaximum.map(Int.init) ?? 65_535
        maximumQoS = properties.maximumQoS.flatMap(MQTTQoS.init(rawValue:)) ?? .exactlyOnce
        maximumPacketSize = min(properties.maximumPacketSize.map(Int.init) ?? .max, MQTTPacket.maxBytes)
        keepAlive = properties.serverKeepAlive ?? options.keepAlive
        hasSubscriptionIdentifiers = version == .v5 && properties.subscriptionIdentifiersAvailable != 0
        clientID = properties.assignedClientIdentifier ?? options.clientID
    }
}
