import RembusSupport

/// Decodes from a ``Value``.
struct ValueDecoder: Decoder {
    let value: Value
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard let map = value.mapValue else { throw mismatch([String: Value].self) }
        return KeyedDecodingContainer(KeyedValueDecodingContainer(map: map, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let elements = value.arrayValue else { throw mismatch([Value].self) }
        return UnkeyedValueDecodingContainer(elements: elements, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    fileprivate func mismatch(_ type: any Any.Type) -> DecodingError {
        let context = DecodingError.Context(
            codingPath: codingPath, debugDescription: "Expected \(type) but found \(value.kind).")
        return value.isNull ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }
}

/// The generic methods here and below also implement the methods for single types that the protocols require.
extension ValueDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { value.isNull }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        guard let direct = type as? any DirectlyCodable.Type else { return try T(from: self) }
        do {
            guard let result = try direct.decoded(from: value) as? T else { throw mismatch(type) }
            return result
        } catch let error as DecodingError {
            throw error
        } catch {
            throw DecodingError.dataCorrupted(
                .init(codingPath: codingPath, debugDescription: "\(error)", underlyingError: error))
        }
    }
}

private struct UnkeyedValueDecodingContainer: UnkeyedDecodingContainer {
    let elements: [Value]
    let codingPath: [any CodingKey]
    private(set) var currentIndex = 0

    init(elements: [Value], codingPath: [any CodingKey]) {
        self.elements = elements
        self.codingPath = codingPath
    }

    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    /// Calls `body` with the next element, and advances when it succeeds.
    private mutating func next<R>(_ type: any Any.Type, _ body: (ValueDecoder) throws -> R) throws -> R {
        let path = codingPath + [OpenKey(intValue: currentIndex)]
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                type, .init(codingPath: path, debugDescription: "The array has no element left."))
        }
        let result = try body(ValueDecoder(value: elements[currentIndex], codingPath: path))
        currentIndex += 1
        return result
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd else { return try next(Value.self) { $0.decodeNil() } }
        let isNull = elements[currentIndex].isNull
        if isNull { currentIndex += 1 }
        return isNull
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next(type) { try $0.decode(type) } }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try next([String: Value].self) { try $0.container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next([Value].self) { try $0.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { try next(Value.self) { $0 } }
}

private struct KeyedValueDecodingContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let codingPath: [any CodingKey]
    private let map: ValueMap
    /// The values by name; empty when the map is so small that a search through it is faster.
    private var members: [String: Value] = [:]

    init(map: ValueMap, codingPath: [any CodingKey]) {
        self.map = map
        self.codingPath = codingPath
        guard map.count > ValueMap.scanLimit else { return }
        for pair in map {
            if let name = pair.key.memberName { members[name] = pair.value }
        }
    }

    var allKeys: [Key] {
        map.compactMap { $0.key.memberName.flatMap(Key.init(stringValue:)) }
    }

    func contains(_ key: Key) -> Bool { value(key.stringValue) != nil }

    private func value(_ name: String) -> Value? {
        members.isEmpty ? map.last { $0.key.memberName == name }?.value : members[name]
    }

    private func decoder(_ key: any CodingKey) throws -> ValueDecoder {
        guard let value = value(key.stringValue) else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: codingPath, debugDescription: "The map has no key \"\(key.stringValue)\"."))
        }
        return ValueDecoder(value: value, codingPath: codingPath + [key])
    }

    func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).decodeNil() }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try decoder(key).decode(type) }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try decoder(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try decoder(OpenKey.superclass) }

    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

extension Value {
    /// The name of a map key in Swift: texts as they are, integers in decimal digits.
    fileprivate var memberName: String? {
        switch self {
        case .text(let text): text
        case .integer(let number): String(number)
        case .unsigned(let number): String(number)
        default: nil
        }
    }

    /// The type in a word, for error messages, which never contain payload data.
    fileprivate var kind: String {
        switch self {
        case .null, .undefined: "null"
        case .bool: "a truth value"
        case .integer, .unsigned, .negative, .bigInteger: "an integer"
        case .float: "a float"
        case .text: "a text"
        case .bytes: "a byte string"
        case .array: "an array"
        case .map: "a map"
        case .tagged(let tag, _): "an item with tag \(tag)"
        case .simple: "a simple value"
        }
    }
}
