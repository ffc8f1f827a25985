package import NIOCore

extension MQTTProperties {
    /// Whether the payload is text (1) or bytes (0).
    package var payloadFormat: UInt8? {
        get { byte(.payloadFormat) }
        set { set(.payloadFormat, newValue.map(Value.byte)) }
    }

    /// The time until the message expires, in seconds.
    package var messageExpiry: UInt32? {
        get { long(.messageExpiry) }
        set { set(.messageExpiry, newValue.map(Value.long)) }
    }

    /// The type of the payload, usually a MIME type.
    package var contentType: String? {
        get { text(.contentType) }
        set { set(.contentType, newValue.map(Value.text)) }
    }

    /// The topic of the expected answer.
    package var responseTopic: String? {
        get { text(.responseTopic) }
        set { set(.responseTopic, newValue.map(Value.text)) }
    }

    /// Data that an answer has to repeat.
    package var correlationData: ByteBuffer? {
        get { bytes(.correlationData) }
        set { set(.correlationData, newValue.map(Value.bytes)) }
    }

    /// How long the session outlives its connection, in seconds; the largest number means for ever.
    package var sessionExpiry: UInt32? {
        get { long(.sessionExpiry) }
        set { set(.sessionExpiry, newValue.map(Value.long)) }
    }

    /// The client identifier that the server has chosen.
    package var assignedClientIdentifier: String? {
        get { text(.assignedClientIdentifier) }
        set { set(.assignedClientIdentifier, newValue.map(Value.text)) }
    }

    /// The keep-alive that the server uses instead of the client's.
    package var serverKeepAlive: UInt16? {
        get { short(.serverKeepAlive) }
        set { set(.serverKeepAlive, newValue.map(Value.short)) }
    }

    /// The method of an extended authentication.
    package var authenticationMethod: String? {
        get { text(.authenticationMethod) }
        set { set(.authenticationMethod, newValue.map(Value.text)) }
    }

    /// A step of an extended authentication.
    package var authenticationData: ByteBuffer? {
        get { bytes(.authenticationData) }
        set { set(.authenticationData, newValue.map(Value.bytes)) }
    }

    /// Whether the client wants reason strings (1).
    package var requestProblemInformation: UInt8? {
        get { byte(.requestProblemInformation) }
        set { set(.requestProblemInformation, newValue.map(Value.byte)) }
    }

    /// The time between the end of a connection and the publication of its will, in seconds.
    package var willDelayInterval: UInt32? {
        get { long(.willDelayInterval) }
        set { set(.willDelayInterval, newValue.map(Value.long)) }
    }

    /// Whether the client wants response information (1).
    package var requestResponseInformation: UInt8? {
        get { byte(.requestResponseInformation) }
        set { set(.requestResponseInformation, newValue.map(Value.byte)) }
    }

    /// A base for response topics.
    package var responseInformation: String? {
        get { text(.responseInformation) }
        set { set(.responseInformation, newValue.map(Value.text)) }
    }

    /// Another server to use.
    package var serverReference: String? {
        get { text(.serverReference) }
        set { set(.serverReference, newValue.map(Value.text)) }
    }

    /// The reason in words.
    package var reasonString: String? {
        get { text(.reasonString) }
        set { set(.reasonString, newValue.map(Value.text)) }
    }

    /// How many messages at QoS 1 and 2 may be unacknowledged.
    package var receiveMaximum: UInt16? {
        get { short(.receiveMaximum) }
        set { set(.receiveMaximum, newValue.map(Value.short)) }
    }

    /// The largest topic alias that is accepted.
    package var topicAliasMaximum: UInt16? {
        get { short(.topicAliasMaximum) }
        set { set(.topicAliasMaximum, newValue.map(Value.short)) }
    }

    /// A number that stands for the topic.
    package var topicAlias: UInt16? {
        get { short(.topicAlias) }
        set { set(.topicAlias, newValue.map(Value.short)) }
    }

    /// The highest QoS that the server supports, 0 or 1.
    package var maximumQoS: UInt8? {
        get { byte(.maximumQoS) }
        set { set(.maximumQoS, newValue.map(Value.byte)) }
    }

    /// Whether the server keeps retained messages (1).
    package var retainAvailable: UInt8? {
        get { byte(.retainAvailable) }
        set { set(.retainAvailable, newValue.map(Value.byte)) }
    }

    /// The largest packet that is accepted.
    package var maximumPacketSize: UInt32? {
        get { long(.maximumPacketSize) }
        set { set(.maximumPacketSize, newValue.map(Value.long)) }
    }

    /// Whether the server supports wildcards (1).
    package var wildcardSubscriptionAvailable: UInt8? {
        get { byte(.wildcardSubscriptionAvailable) }
        set { set(.wildcardSubscriptionAvailable, newValue.map(Value.byte)) }
    }

    /// Whether the server supports subscription identifiers (1).
    package var subscriptionIdentifiersAvailable: UInt8? {
        get { byte(.subscriptionIdentifiersAvailable) }
        set { set(.subscriptionIdentifiersAvailable, newValue.map(Value.byte)) }
    }

    /// Whether the server supports shared subscriptions (1).
    package var sharedSubscriptionAvailable: UInt8? {
        get { byte(.sharedSubscriptionAvailable) }
        set { set(.sharedSubscriptionAvailable, newValue.map(Value.byte)) }
    }

    /// The subscriptions that a message is for, or the identifier of a new subscription.
    package var subscriptionIdentifiers: [Int] {
        get {
            entries.compactMap { entry in
                if case .variable(let number) = entry.value { number } else { nil }
            }
        }
        set { replace(.subscriptionIdentifier, newValue.map(Value.variable)) }
    }

    /// Names and values for the application.
    package var userProperties: [(name: String, value: String)] {
        get {
            entries.compactMap { entry in
                if case .pair(let name, let value) = entry.value { (name, value) } else { nil }
            }
        }
        set { replace(.userProperty, newValue.map { .pair($0.name, $0.value) }) }
    }
}
