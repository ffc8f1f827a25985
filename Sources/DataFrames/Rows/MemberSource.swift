import RembusSupport

/// What a keyed container reads from: a row of a frame, a structure or a map.
enum MemberSource {
    case row(RowColumns, Int)
    case structure(ArrayData, Int)
    case map(ArrayData, Int)

    /// Where the value with this name is.
    func find(_ name: String) -> (array: ArrayData, row: Int)? {
        switch self {
        case .row(let columns, let row):
            guard let index = columns.positions[name] else { return nil }
            let (chunk, row) = columns.columns[index].locate(row)
            return (chunk, row)
        case .structure(let array, let row):
            guard let index = array.type.fields.firstIndex(where: { $0.name == name }) else { return nil }
            return (array.children[index], array.offset + row)
        case .map(let array, let row):
            guard let entries = array.elements(row), entries.children.count == 2 else { return nil }
            // Of equal keys the last one counts.
            for index in (0..<entries.length).reversed() where Self.key(entries, index) == name {
                return (entries.children[1], entries.offset + index)
            }
            return nil
        }
    }

    /// All names, in order.
    var names: [String] {
        switch self {
        case .row(let columns, _): columns.columns.map(\.name)
        case .structure(let array, _): array.type.fields.map(\.name)
        case .map(let array, let row):
            array.elements(row).map { entries in (0..<entries.length).compactMap { Self.key(entries, $0) } } ?? []
        }
    }

    /// The key of a map as a name: texts as they are, integers in digits.
    private static func key(_ entries: ArrayData, _ index: Int) -> String? {
        guard let (array, row) = entries.children[0].resolve(entries.offset + index) else { return nil }
        return String.read(array, row) ?? Int.read(array, row).map { String($0) }
    }
}

/// The columns of a frame by name.
final class RowColumns: Sendable {
    let columns: [Column]
    let positions: [String: Int]

    init(_ frame: DataFrame) {
        columns = frame.columns
        positions = Dictionary(
            frame.columns.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}

/// Reads members by the names of their keys.
struct ElementMemberContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let members: MemberSource
    let codingPath: [any CodingKey]

    var allKeys: [Key] { members.names.compactMap(Key.init(stringValue:)) }

    func contains(_ key: Key) -> Bool { members.find(key.stringValue) != nil }

    private func decoder(_ key: any CodingKey) throws -> ElementDecoder {
        guard let (array, row) = members.find(key.stringValue) else {
            let kind = if case .row = members { "column" } else { "field" }
            let names = members.names.joined(separator: ", ")
            throw DecodingError.keyNotFound(
                key,
                .init(
                    codingPath: codingPath,
                    debugDescription: "there is no \(kind) \(key.stringValue); the \(kind)s are \(names)"))
        }
        return ElementDecoder(array, row, codingPath + [key])
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
