package import NIOCore
package import RembusWire

/// What an answer says besides its status.
package enum AnswerData: Sendable {
    /// What the broker itself says, and how long it would be as CBOR.
    case value(Value, encodedLength: Int)
    /// What a component says: a CBOR item that is well-formed, not decoded.
    case encoded(ByteBuffer)

    /// The value of the broker.
    init(_ value: Value) { self = .value(value, encodedLength: value.encodedCBORLength) }

    var encodedLength: Int {
        switch self {
        case .value(_, let length): length
        case .encoded(let buffer): buffer.readableBytes
        }
    }

    /// The data as a value. Throws when it is beyond the limits, whoever has made it.
    package func value(limits: DecodingLimits) throws(WireError) -> Value {
        switch self {
        case .encoded(let buffer): return try Value(cbor: buffer, limits: limits)
        case .value(let value, let length):
            guard length <= limits.maxBytes else {
                throw WireError(.limitExceeded, "The input is larger than \(limits.maxBytes) bytes.")
            }
            return value
        }
    }

    /// Whether there is nothing to say.
    package var isNull: Bool {
        switch self {
        case .value(.null, _): true
        case .value: false
        // null is CBOR's F6.
        case .encoded(let buffer): buffer.readableBytesView.elementsEqual([0xF6])
        }
    }
}

/// What became of a call or a command that a gateway has handed over.
package enum RequestOutcome: Sendable {
    /// It was answered, well or not.
    case answered(StatusCode, AnswerData)
    /// The session has ended before the answer, or never was logged in.
    case ended
}
