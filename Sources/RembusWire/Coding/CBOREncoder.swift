public import NIOCore

/// Encodes Swift values as CBOR in the form that Rembus peers expect.
///
/// Structures and dictionaries become maps with text keys in the order of encoding, `Data` and `ByteBuffer` byte
/// strings, `Date` tag 1 (seconds since 1970), and nil null. A ``Value`` stays as it is.
public struct CBOREncoder: Sendable {
    /// Makes an encoder.
    public init() {}

    /// Encodes a value as one CBOR item. Throws `EncodingError`, or the error of the value's own encoding.
    public func encode<T: Encodable>(_ value: T) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        try encodeValue(value).encodeCBOR(into: &buffer)
        return buffer
    }

    /// Encodes a value as a ``Value``. Throws `EncodingError`, or the error of the value's own encoding.
    public func encodeValue<T: Encodable>(_ value: T) throws -> Value {
        try ValueEncoder.encode(value, codingPath: [])
    }
}
