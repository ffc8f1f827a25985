import NIOCore

/// One value in the encoding of its message, such as the result of a call.
public struct EncodedValue: Sendable {
    enum Storage: Sendable {
        case cbor(ByteBuffer)
        case value(Value)
    }

    let storage: Storage

    /// A received CBOR item.
    init(cbor bytes: ByteBuffer) { storage = .cbor(bytes) }

    /// A value that is encoded together with its message.
    init(_ value: Value) { storage = .value(value) }

    init(_ value: Value, encoding: MessageEncoding) {
        switch encoding {
        case .json: storage = .value(value)
        case .cbor:
            var bytes = ByteBuffer()
            value.encodeCBOR(into: &bytes)
            storage = .cbor(bytes)
        }
    }

    /// Encodes the result of a method.
    init<T: Encodable>(encoding result: T, as encoding: MessageEncoding) throws {
        self.init(try CBOREncoder().encodeValue(result), encoding: encoding)
    }

    /// The value, decoded. Throws ``RembusError/Code/decoding`` when it is malformed.
    public var value: Value {
        get throws(RembusError) {
            switch storage {
            case .value(let value): return value
            case .cbor(let bytes):
                do {
                    return try Value(cbor: bytes, limits: .received)
                } catch {
                    throw RembusError.malformed(error, "The result")
                }
            }
        }
    }

    /// The value as a Swift type. Throws ``RembusError/Code/decoding`` when it has another type.
    public func decode<T: Decodable>(_ type: T.Type = T.self) throws(RembusError) -> T {
        try value.decode(type, what: "The result")
    }
}

/// An answer as it was received.
struct Reply: Sendable {
    var status: StatusCode
    var data: EncodedValue

    /// The data of a successful answer. Throws the error that an unsuccessful one stands for.
    func successData(_ subject: PendingCall.Subject) throws(RembusError) -> EncodedValue {
        guard status == .ok else {
            throw RembusError(status, data: (try? data.value) ?? .null, subject: subject)
        }
        return data
    }
}
