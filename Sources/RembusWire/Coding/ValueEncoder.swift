import RembusSupport

/// Collects what a value encodes. It is a class, because nested containers are filled after they were returned.
final class ValueEncoder: Encoder {
    /// What has been encoded so far.
    enum Content {
        case nothing
        case value(Value)
        case array([Content])
        case map([(key: String, content: Content)])
        /// The value of another encoder, which is read when the encoding is finished.
        case nested(ValueEncoder)

        /// The finished value; nil when nothing was encoded.
        var value: Value? {
            switch self {
            case .nothing: nil
            case .value(let value): value
            case .array(let elements): .array(elements.map(\.valueOrNull))
            case .map(let members):
                .map(ValueMap(lastWins: members.map { .init(key: .text($0.key), value: $0.content.valueOrNull) }))
            case .nested(let encoder): encoder.content.value
            }
        }

        private var valueOrNull: Value { value ?? .null }
    }

    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    var content = Content.nothing

    init(codingPath: [any CodingKey]) { self.codingPath = codingPath }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .nothing = content { content = .map([]) }
        return KeyedEncodingContainer(KeyedValueEncodingContainer<Key>(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .nothing = content { content = .array([]) }
        return UnkeyedValueEncodingContainer(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        SingleValueContainer(encoder: self)
    }

    /// Encodes one value. Types with a CBOR form of their own get that form.
    static func encode<T: Encodable>(_ value: T, codingPath: [any CodingKey]) throws -> Value {
        if let direct = value as? any DirectlyCodable { return try direct.encodedValue() }
        let encoder = ValueEncoder(codingPath: codingPath)
        try value.encode(to: encoder)
        if let value = encoder.content.value { return value }
        throw EncodingError.invalidValue(
            value, .init(codingPath: codingPath, debugDescription: "\(T.self) did not encode anything."))
    }

    /// Makes the encoder of a nested container.
    fileprivate func nested(_ key: any CodingKey) -> ValueEncoder {
        ValueEncoder(codingPath: codingPath + [key])
    }

    fileprivate func append(_ element: Content) {
        guard case .array(var elements) = content else { return }
        content = .nothing  // keeps the array uniquely referenced while it grows
        elements.append(element)
        content = .array(elements)
    }

    fileprivate func insert(_ member: Content, forKey key: any CodingKey) {
        guard case .map(var members) = content else { return }
        content = .nothing
        members.append((key.stringValue, member))
        content = .map(members)
    }

    fileprivate var count: Int {
        if case .array(let elements) = content { elements.count } else { 0 }
    }
}

/// The generic methods below also implement the methods for single types that the protocols require.
private struct SingleValueContainer: SingleValueEncodingContainer {
    let encoder: ValueEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }

    mutating func encodeNil() throws { encoder.content = .value(.null) }

    mutating func encode<T: Encodable>(_ value: T) throws {
        encoder.content = .value(try ValueEncoder.encode(value, codingPath: codingPath))
    }
}

private struct UnkeyedValueEncodingContainer: UnkeyedEncodingContainer {
    let encoder: ValueEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }
    var count: Int { encoder.count }

    mutating func encodeNil() throws { encoder.append(.value(.null)) }

    mutating func encode<T: Encodable>(_ value: T) throws {
        encoder.append(.value(try ValueEncoder.encode(value, codingPath: codingPath + [OpenKey(intValue: count)])))
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type
    ) -> KeyedEncodingContainer<NestedKey> {
        nestedEncoder().container(keyedBy: keyType)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nestedEncoder().unkeyedContainer() }

    mutating func superEncoder() -> any Encoder { nestedEncoder() }

    private func nestedEncoder() -> ValueEncoder {
        let nested = encoder.nested(OpenKey(intValue: count))
        encoder.append(.nested(nested))
        return nested
    }
}

private struct KeyedValueEncodingContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: ValueEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }

    mutating func encodeNil(forKey key: Key) throws { encoder.insert(.value(.null), forKey: key) }

    mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        encoder.insert(.value(try ValueEncoder.encode(value, codingPath: codingPath + [key])), forKey: key)
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        nestedEncoder(key).container(keyedBy: keyType)
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        nestedEncoder(key).unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder { nestedEncoder(OpenKey.superclass) }

    mutating func superEncoder(forKey key: Key) -> any Encoder { nestedEncoder(key) }

    private func nestedEncoder(_ key: any CodingKey) -> ValueEncoder {
        let nested = encoder.nested(key)
        encoder.insert(.nested(nested), forKey: key)
        return nested
    }
}
