/// A message that a subscription received.
public struct Publication: Sendable {
    /// The topic that it was published to; for a subscription to a pattern too, this is the real topic.
    public let topic: String

    /// The quality of service that it was delivered with.
    public let qos: QoS

    /// The slot that the publisher set, usually the start of a time interval in seconds since 1970; nil without one.
    public let slot: UInt32?

    let list: ArgumentList

    init(topic: String, qos: QoS, slot: UInt32?, list: ArgumentList) {
        self.topic = topic
        self.qos = qos
        self.slot = slot
        self.list = list
    }

    /// The arguments, in order. They are decoded at each access, so keep them in a constant when you need them twice.
    public var arguments: [Value] { list.values }

    /// The number of arguments. Needs no decoding.
    public var argumentCount: Int { list.count }

    /// One argument as a Swift value; by default the first.
    ///
    /// Throws ``RembusError/Code/decoding`` when it is missing or has another type.
    public func decode<T: Decodable>(_ type: T.Type = T.self, at index: Int = 0) throws(RembusError) -> T {
        let values = list.values
        guard values.indices.contains(index) else {
            throw RembusError(
                .decoding,
                "Argument \(index + 1) is missing: the message has \(values.count). Check `argumentCount` first.")
        }
        return try values[index].decode(type, what: "Argument \(index + 1)")
    }

    /// All arguments as Swift values: `let (name, level) = try message.decodeArguments(String.self, Double.self)`.
    ///
    /// Throws ``RembusError/Code/decoding`` when their number or types differ. Optional arguments at the end may be
    /// missing.
    public func decodeArguments<each T: Decodable>(_ types: repeat (each T).Type) throws(RembusError) -> (repeat each T)
    {
        try list.decode(repeat each types)
    }
}

extension ArgumentList {
    func decode<each T: Decodable>(_ types: repeat (each T).Type) throws(RembusError) -> (repeat each T) {
        var reader = ArgumentReader(values)
        let (count, optional) = trailingOptionals(repeat each types)
        try reader.expect(count, optional: optional)
        return (repeat try reader.next(each types))
    }

    /// The arguments with the topic in front, for the typed callback of a pattern.
    func prepending(_ topic: String) -> ArgumentList {
        ArgumentList(.values([.text(topic)] + values))
    }
}
