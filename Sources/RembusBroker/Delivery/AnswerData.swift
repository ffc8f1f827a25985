package import NIOCore
package import RembusWire

/// The data of an answer, besides its status.
package enum AnswerData: Sendable {
    /// Data of the broker itself, with the length that it has as CBOR.
    case value(Value, encodedLength: Int)
    /// Data of a component: a well-formed CBOR item that has not been decoded.
    case encoded(ByteBuffer)

    /// The data of an answer of the broker.
    init(_ value: Value) { self = .value(value, encodedLength: value.encodedCBORLength) }

    var encodedLength: Int {
        switch self {
        case .value(_, let length): length
        case .encoded(let buffer): buffer.readableBytes
        }
    }

    /// The data as a value. Throws when it exceeds the limits, whoever has made it.
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

    /// Whether the data is null.
    package var isNull: Bool {
        switch self {
        case .value(.null, _): true
        case .value: false
        // 0xF6 is null in CBOR.
        case .encoded(let buffer): buffer.readableBytesView.elementsEqual([0xF6])
        }
    }
}

/// The outcome of a call or a command that a gateway has handed over.
package enum RequestOutcome: Sendable {
    /// The call was answered, with success or an error.
    case answered(StatusCode, AnswerData)
    /// The session ended before there was an answer, or was never logged in.
    case ended
}
