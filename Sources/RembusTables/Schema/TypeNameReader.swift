/// Reads the name of a type: words with numbers in parentheses, or what is made of other types, such as
/// `STRUCT(name TEXT, at TIMESTAMP)[]`.
struct TypeNameReader {
    private let text: [Character]
    private var at = 0
    /// Types inside each other; more would be a mistake.
    private static let maxDepth = 16

    init(_ text: String) {
        self.text = Array(text)
    }

    /// The type that the whole text names.
    mutating func readAll() throws(ColumnTypeError) -> ColumnType {
        let type = try read(depth: 0)
        guard peek() == nil else { throw .unknown }
        return type
    }

    private mutating func read(depth: Int) throws(ColumnTypeError) -> ColumnType {
        guard depth <= Self.maxDepth else { throw .refused("the type is nested more than \(Self.maxDepth) deep") }
        let base = words()
        guard !base.isEmpty else { throw .unknown }
        var type: ColumnType
        switch base {
        case "STRUCT", "ROW": type = try structure(depth: depth)
        case "MAP": type = try map(depth: depth)
        default: type = try ColumnType.scalar(base, try numbers())
        }
        while take("[") {
            guard take("]") else {
                throw .refused("DuckLake cannot store arrays of a fixed length; leave the number out, as in DOUBLE[]")
            }
            type = .list(type)
        }
        return type
    }

    private mutating func structure(depth: Int) throws(ColumnTypeError) -> ColumnType {
        guard take("(") else { throw .refused("STRUCT needs its fields, as in STRUCT(x DOUBLE, y DOUBLE)") }
        var fields: [ColumnType.Field] = []
        repeat {
            let name = try fieldName()
            guard !fields.contains(where: { $0.name.lowercased() == name.lowercased() }) else {
                throw .refused("STRUCT has the field \(name) twice")
            }
            fields.append(.init(name: name, type: try read(depth: depth + 1)))
        } while take(",")
        guard take(")") else { throw .unknown }
        return .structure(fields)
    }

    private mutating func map(depth: Int) throws(ColumnTypeError) -> ColumnType {
        guard take("(") else { throw .refused("MAP needs the types of keys and values, as in MAP(TEXT, DOUBLE)") }
        let key = try read(depth: depth + 1)
        if key.isNested { throw .refused("the keys of a MAP cannot be of a nested type") }
        guard take(",") else { throw .refused("MAP needs the types of keys and values, as in MAP(TEXT, DOUBLE)") }
        let value = try read(depth: depth + 1)
        guard take(")") else { throw .unknown }
        return .map(key: key, value: value)
    }

    /// One word, or anything between double quotes.
    private mutating func fieldName() throws(ColumnTypeError) -> String {
        var name = ""
        if take("\"") {
            while at < text.count {
                let character = text[at]
                at += 1
                if character != "\"" {
                    name.append(character)
                } else if at < text.count, text[at] == "\"" {
                    name.append(character)
                    at += 1
                } else {
                    guard !name.isEmpty else { throw .unknown }
                    return name
                }
            }
            throw .unknown
        }
        while let next = peek(skippingBlanks: name.isEmpty), !next.isWhitespace, !"()[],\"".contains(next) {
            name.append(next)
            at += 1
        }
        guard !name.isEmpty else { throw .unknown }
        return name
    }

    /// Words in upper case with single blanks between them.
    private mutating func words() -> String {
        var words: [String] = []
        while let first = peek(), !"()[],".contains(first) {
            var word = ""
            while at < text.count, !text[at].isWhitespace, !"()[],".contains(text[at]) {
                word.append(text[at])
                at += 1
            }
            words.append(word.uppercased())
        }
        return words.joined(separator: " ")
    }

    /// The numbers in parentheses. What is none, such as the values of an ENUM, counts as -1.
    private mutating func numbers() throws(ColumnTypeError) -> [Int] {
        guard take("(") else { return [] }
        let start = at
        while at < text.count, text[at] != ")" { at += 1 }
        guard take(")") else { throw .unknown }
        return text[start..<(at - 1)].split(separator: ",", omittingEmptySubsequences: false).map { part in
            let digits = part.filter { !$0.isWhitespace }
            return digits.allSatisfy { $0.isASCII && $0.isNumber } ? Int(String(digits)) ?? -1 : -1
        }
    }

    private mutating func peek(skippingBlanks: Bool = true) -> Character? {
        while skippingBlanks, at < text.count, text[at].isWhitespace { at += 1 }
        return at < text.count ? text[at] : nil
    }

    private mutating func take(_ character: Character) -> Bool {
        guard peek() == character else { return false }
        at += 1
        return true
    }
}

extension ColumnType {
    /// Whether two names stand for the same type, however they are spelt.
    package static func isSame(_ one: String, _ other: String) -> Bool {
        if one == other { return true }
        guard let one = try? named(one).get(), let other = try? named(other).get() else { return false }
        return one == other
    }

    /// Whether a value has parts.
    var isNested: Bool {
        switch self {
        case .list, .structure, .map: true
        default: false
        }
    }
}
