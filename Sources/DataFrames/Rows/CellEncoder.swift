import RembusSupport

/// Collects what a value encodes as typed cells. It is a class because nested containers are filled after they were
/// handed out.
final class CellEncoder: Encoder {
    /// What has been encoded so far.
    enum Content {
        case nothing
        case value(TypedCell)
        case array([Content], element: DataType)
        case members([(name: String, content: Content)])
        /// The value of another encoder, which is read when the whole is finished.
        case nested(CellEncoder)
    }

    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    var content = Content.nothing
    /// What the elements of an array are, as far as its type tells; for arrays without elements.
    var elementType = DataType.null

    init(codingPath: [any CodingKey]) { self.codingPath = codingPath }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .nothing = content { content = .members([]) }
        return KeyedEncodingContainer(KeyedCellEncodingContainer<Key>(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .nothing = content { content = .array([], element: elementType) }
        return UnkeyedCellEncodingContainer(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { SingleCellContainer(encoder: self) }

    /// Encodes one value, giving types that are one value of a column that form.
    static func encode<T: Encodable>(_ value: T, codingPath: [any CodingKey]) throws -> Content {
        if let direct = value as? any RowElement { return .value(TypedCell(direct.cell, direct.cellType)) }
        if let entries = value as? any TextKeyedEntries { return .value(try entries.typedCell(codingPath)) }
        let encoder = CellEncoder(codingPath: codingPath)
        if let list = T.self as? any TypedList.Type { encoder.elementType = list.elementRowType }
        try value.encode(to: encoder)
        return encoder.content
    }

    fileprivate func nested(_ key: any CodingKey) -> CellEncoder { CellEncoder(codingPath: codingPath + [key]) }

    fileprivate func append(_ element: Content) {
        guard case .array(var elements, let type) = content else { return }
        content = .nothing  // keeps the array uniquely referenced while it grows
        elements.append(element)
        content = .array(elements, element: type)
    }

    fileprivate func insert(_ member: Content, forKey key: any CodingKey) {
        guard case .members(var members) = content else { return }
        content = .nothing
        members.append((key.stringValue, member))
        content = .members(members)
    }

    fileprivate var count: Int {
        if case .array(let elements, _) = content { elements.count } else { 0 }
    }
}

extension CellEncoder.Content {
    /// The finished value; what encoded nothing is null.
    func typedCell() throws(DataFrameError) -> TypedCell {
        switch self {
        case .nothing: return TypedCell(.null, .null)
        case .value(let value): return value
        case .nested(let encoder): return try encoder.content.typedCell()
        case .array(let elements, var type):
            var cells: [Cell] = []
            for element in elements {
                let typed = try element.typedCell()
                guard let both = type.unified(with: typed.type) else {
                    throw DataFrameError(.mismatch, "\(typed.type) and \(type) in one list")
                }
                type = both
                cells.append(typed.cell)
            }
            return TypedCell(.list(cells), .list(of: type))
        case .members(let members):
            var (fields, cells) = ([Field](), [Cell.Member]())
            for member in members {
                let typed = try member.content.typedCell()
                fields.append(Field(member.name, typed.type))
                cells.append(Cell.Member(member.name, typed.cell))
            }
            return TypedCell(.structure(cells), .structure(fields))
        }
    }
}

// MARK: - Types that tell more than their values

/// A list whose element type is known without an element.
private protocol TypedList {
    static var elementRowType: DataType { get }
}

extension Array: TypedList where Element: Encodable {
    fileprivate static var elementRowType: DataType { inferredRowType(of: Element.self) }
}

/// A dictionary with texts as keys, which becomes a map: its keys are data, not names of fields.
private protocol TextKeyedEntries {
    func typedCell(_ codingPath: [any CodingKey]) throws -> TypedCell
}

extension Dictionary: TextKeyedEntries where Key == String, Value: Encodable {
    fileprivate func typedCell(_ codingPath: [any CodingKey]) throws -> TypedCell {
        var type = inferredRowType(of: Value.self)
        var entries: [Cell.Entry] = []
        // In the order of the keys, so that equal dictionaries make equal frames.
        for (key, value) in self.sorted(by: { $0.key < $1.key }) {
            let typed = try CellEncoder.encode(value, codingPath: codingPath).typedCell()
            guard let both = type.unified(with: typed.type) else {
                throw DataFrameError(.mismatch, "\(typed.type) and \(type) in one dictionary")
            }
            type = both
            entries.append(Cell.Entry(.text(key), typed.cell))
        }
        return TypedCell(.map(entries), .map(key: .utf8, value: type))
    }
}

/// The type of the column that values of a type make, as far as it is known without a value.
private func inferredRowType(of type: any Any.Type) -> DataType {
    if let direct = type as? any RowElement.Type { return direct.rowType }
    if let list = type as? any TypedList.Type { return .list(of: list.elementRowType) }
    return .null
}

// MARK: - Containers

/// The generic methods below also serve as the many methods for single types that the protocols ask for.
private struct SingleCellContainer: SingleValueEncodingContainer {
    let encoder: CellEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }

    mutating func encodeNil() throws { encoder.content = .value(TypedCell(.null, .null)) }

    mutating func encode<T: Encodable>(_ value: T) throws {
        encoder.content = try CellEncoder.encode(value, codingPath: codingPath)
    }
}

private struct UnkeyedCellEncodingContainer: UnkeyedEncodingContainer {
    let encoder: CellEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }
    var count: Int { encoder.count }

    mutating func encodeNil() throws { encoder.append(.value(TypedCell(.null, .null))) }

    mutating func encode<T: Encodable>(_ value: T) throws {
        encoder.append(try CellEncoder.encode(value, codingPath: codingPath + [OpenKey(intValue: count)]))
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type
    ) -> KeyedEncodingContainer<NestedKey> {
        nestedEncoder().container(keyedBy: keyType)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nestedEncoder().unkeyedContainer() }

    mutating func superEncoder() -> any Encoder { nestedEncoder() }

    private func nestedEncoder() -> CellEncoder {
        let nested = encoder.nested(OpenKey(intValue: count))
        encoder.append(.nested(nested))
        return nested
    }
}

private struct KeyedCellEncodingContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: CellEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }

    mutating func encodeNil(forKey key: Key) throws { encoder.insert(.value(TypedCell(.null, .null)), forKey: key) }

    mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        encoder.insert(try CellEncoder.encode(value, codingPath: codingPath + [key]), forKey: key)
    }

    /// The type of a column is known also where the value is not there.
    mutating func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws {
        if let value { return try encode(value, forKey: key) }
        encoder.insert(.value(TypedCell(.null, inferredRowType(of: T.self))), forKey: key)
    }

    mutating func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: String?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: Int8?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: Int16?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: UInt?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try optional(value, key) }

    private func optional<T: RowElement>(_ value: T?, _ key: Key) throws {
        encoder.insert(
            .value(value.map { TypedCell($0.cell, $0.cellType) } ?? TypedCell(.null, T.rowType)), forKey: key)
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

    private func nestedEncoder(_ key: any CodingKey) -> CellEncoder {
        let nested = encoder.nested(key)
        encoder.insert(.nested(nested), forKey: key)
        return nested
    }
}
