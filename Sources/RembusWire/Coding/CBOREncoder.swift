public import NIOCore

/// Encodes Swift values as CBOR in the form that Rembus peers expect.
///
/// Structures and dictionaries become maps with text keys in the order of encoding, `Data` and `ByteBuffer` become byte
/// strings, `Date` becomes tag 1 (seconds since 1970), ``Value`` stays as it is, nil becomes null.
public struct CBOREncoder: Sendable {
    /// Makes an encoder.
    public init() {}

    /// Encodes a value as one CBOR item. Throws `EncodingError`, or what the value throws.
    public func encode<T: Encodable>(_ value: T) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        try encodeValue(value).encodeCBOR(into: &buffer)
        return buffer
    }

    /// Encodes a value as a ``Value``. Throws `EncodingError`, or what the value throws.
    public func encodeValue<T: Encodable>(_ value: T) throws -> Value {
        try ValueEncoder.encode(value, codingPath: [])
    }
}
