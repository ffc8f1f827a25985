/// A message that a subscription received.
public struct Publication: Sendable {
    /// The topic that it was published on; the real one, also when the subscription is a pattern.
    public let topic: String

    /// How hard it was delivered.
    public let qos: QoS

    /// The number that the publisher attached, usually the start of a time bucket in seconds since 1970; nil without one.
    public let slot: UInt32?

    let list: ArgumentList

    init(topic: String, qos: QoS, slot: UInt32?, list: ArgumentList) {
        self.topic = topic
        self.qos = qos
        self.slot = slot
        self.list = list
    }

    /// Everything that was published, in order. Decoded at each access: keep it in a constant when you need it twice.
    public var arguments: [Value] { list.values }

    /// How many arguments there are; needs no decoding.
    public var argumentCount: Int { list.count }

    /// One argument as a Swift value, the first unless told otherwise.
    ///
    /// Throws ``RembusError/Code/decoding`` when it is missing or has another shape.
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
    /// Throws ``RembusError/Code/decoding`` when their number or their shape differs. Optional ones at the end may be
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

    /// The same list with a text in front: what the typed callback of a pattern gets.
    func prepending(_ topic: String) -> ArgumentList {
        ArgumentList(.values([.text(topic)] + values))
    }
}
