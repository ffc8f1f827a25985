import NIOCore

/// One value in the encoding in which it came or goes, such as the result of a call.
public struct EncodedValue: Sendable {
    enum Storage: Sendable {
        case cbor(ByteBuffer)
        case value(Value)
    }

    let storage: Storage

    /// A received CBOR item.
    init(cbor bytes: ByteBuffer) { storage = .cbor(bytes) }

    /// A value that needs no encoding before the whole message gets it.
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

    /// Encodes what a method returned.
    init<T: Encodable>(encoding result: T, as encoding: MessageEncoding) throws {
        self.init(try CBOREncoder().encodeValue(result), encoding: encoding)
    }

    /// The value, decoded. Throws ``RembusError/Code/decoding``.
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

    /// The value as a Swift type. Throws ``RembusError/Code/decoding``.
    public func decode<T: Decodable>(_ type: T.Type = T.self) throws(RembusError) -> T {
        try value.decode(type, what: "The result")
    }
}

/// An answer as it came.
struct Reply: Sendable {
    var status: StatusCode
    var data: EncodedValue

    /// The data of a successful answer; throws the error that another one stands for.
    func successData(_ subject: PendingCall.Subject) throws(RembusError) -> EncodedValue {
        guard status == .ok else {
            throw RembusError(status, data: (try? data.value) ?? .null, subject: subject)
        }
        return data
    }
}
