public import NIOCore

/// Decodes Swift values from CBOR, in all forms that Rembus peers send.
///
/// A float without a fraction decodes as an integer, and any integer as a float. null and undefined decode as nil.
/// `Data` and `ByteBuffer` decode from byte strings, bare or in tag 64; `Date` decodes from tags 0 and 1 and from plain
/// seconds since 1970.
public struct CBORDecoder: Sendable {
    /// The limits on accepted input.
    public var limits: DecodingLimits

    /// Makes a decoder.
    public init(limits: DecodingLimits = .standard) {
        self.limits = limits
    }

    /// Decodes a value from one CBOR item.
    ///
    /// Throws ``WireError`` when the bytes are not CBOR within the limits, `DecodingError` when the item does not fit the
    /// type, or what the type throws.
    public func decode<T: Decodable>(_ type: T.Type, from buffer: ByteBuffer) throws -> T {
        try decode(type, from: Value(cbor: buffer, limits: limits))
    }

    /// Decodes a value from a ``Value``. Throws `DecodingError` when it does not fit the type, or what the type throws.
    public func decode<T: Decodable>(_ type: T.Type, from value: Value) throws -> T {
        try ValueDecoder(value: value, codingPath: []).decode(type)
    }
}
