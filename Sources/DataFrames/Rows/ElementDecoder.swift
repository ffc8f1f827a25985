import RembusSupport

/// Decodes from one row of an array.
struct ElementDecoder: Decoder {
    /// The array and row with the value, behind all dictionaries; nil for null.
    let element: (array: ArrayData, row: Int)?
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(_ array: ArrayData, _ row: Int, _ codingPath: [any CodingKey]) {
        element = array.resolve(row)
        self.codingPath = codingPath
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard let (array, row) = element else { throw mismatch("a structure") }
        let members: MemberSource
        switch array.type {
        case .structure: members = .structure(array, row)
        case .map: members = .map(array, row)
        default: throw mismatch("a structure")
        }
        return KeyedDecodingContainer(ElementMemberContainer(members: members, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let (array, row) = element, let elements = array.elements(row) else { throw mismatch("a list") }
        return ElementListContainer(elements: elements, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    private func mismatch(_ wanted: String) -> DecodingError {
        guard let (array, row) = element else {
            let text = "is null, but \(wanted) is wanted; make it optional"
            return .valueNotFound(Any.self, .init(codingPath: codingPath, debugDescription: text))
        }
        // Only a number is shown in the message; any other value that does not fit is of another type.
        let isNumber = array.type.layout != .structure && Double.read(array, row) != nil
        let text = isNumber ? "the value \(array.cell(row).shortText)" : array.type.description
        return .typeMismatch(
            Any.self, .init(codingPath: codingPath, debugDescription: "cannot read \(text) as \(wanted)"))
    }
}

extension Cell {
    /// A number as text, for messages.
    fileprivate var shortText: String {
        switch self {
        case .int(let value): String(value)
        case .uint(let value): String(value)
        case .float(let value): String(value)
        case .double(let value): String(value)
        case .decimal(let value): value.description
        default: "\(self)"
        }
    }
}

/// The generic methods here and below also serve as the many methods for single types that the protocols ask for.
extension ElementDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { element == nil }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        guard let direct = type as? any RowElement.Type else { return try T(from: self) }
        guard let (array, row) = element else {
            if let null = Cell.null as? T { return null }
            throw mismatch("\(type)")
        }
        guard let result = direct.read(array, row) as? T else { throw mismatch("\(type)") }
        return result
    }
}

private struct ElementListContainer: UnkeyedDecodingContainer {
    let elements: ArrayData
    let codingPath: [any CodingKey]
    private(set) var currentIndex = 0

    init(elements: ArrayData, codingPath: [any CodingKey]) {
        self.elements = elements
        self.codingPath = codingPath
    }

    var count: Int? { elements.length }
    var isAtEnd: Bool { currentIndex == elements.length }

    /// Gives the next element to `body` and moves on when it succeeds.
    private mutating func next<R>(_ body: (ElementDecoder) throws -> R) throws -> R {
        let path = codingPath + [OpenKey(intValue: currentIndex)]
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                Any.self, .init(codingPath: path, debugDescription: "the list has no element left"))
        }
        let result = try body(ElementDecoder(elements, currentIndex, path))
        currentIndex += 1
        return result
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd else { return try next { $0.decodeNil() } }
        let isNull = elements.resolve(currentIndex) == nil
        if isNull { currentIndex += 1 }
        return isNull
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next { try $0.decode(type) } }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try next { try $0.container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next { try $0.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { try next { $0 } }
}
