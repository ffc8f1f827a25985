import RembusWire

/// The target type of a cast: one that a table can have, including nested ones.
struct CastType {
    enum Growth {
        /// The size is fixed.
        case fixed
        /// The size is at most this many times that of the operand.
        case times(Int)
    }

    /// The type's name in SQL.
    let sql: String
    let growth: Growth
    /// The bytes of a value without content.
    private let bytes: Int

    /// Whether it is a date, a time of day or a timestamp.
    var isTime: Bool { sql.hasPrefix("TIME") || sql == "DATE" }

    func size(of value: ValueSize) -> ValueSize {
        switch growth {
        case .fixed: return .fixed
        case .times(let factor): return .sum([value.times(factor), ValueSize(bytes: bytes)])
        }
    }

    /// Reads the parser's form of the type. `key` is the argument, for messages.
    init(_ node: SyntaxNode, of key: String) throws(LakeError) {
        var reader = Reader(key: key)
        sql = try reader.type(node, depth: 0)
        bytes = reader.width * 16
        // A text such as `[{},{}]` gets a value of this width for each two bytes, and `1,` a number of 16 bytes.
        growth = reader.isFixed ? .fixed : .times(reader.isText ? 8 : max(16, 6 * reader.width))
    }

    private struct Reader {
        let key: String
        /// The number of values in one value of the type, without those in lists.
        var width = 0
        var isFixed = true
        var isText = false

        mutating func type(_ node: SyntaxNode, depth: Int) throws(LakeError) -> String {
            guard depth < 16, let id = node.text("id") else { throw LakeError.refused(key, "a type has no name") }
            let info = node.node("type_info")
            switch id {
            case "DECIMAL": return try decimal(info)
            case "VARCHAR", "BLOB":
                width += 1
                (isFixed, isText) = (false, depth == 0)
                return id
            case "LIST":
                isFixed = false
                return "\(try child(info, depth))[]"
            case "ARRAY": return try array(info, depth)
            case "STRUCT": return "STRUCT(\(try fields(info, depth)))"
            case "UNION": return "UNION(\(try fields(info, depth, skipping: 1)))"
            case "MAP": return try map(info, depth)
            case "UNBOUND" where info?.text("name")?.lowercased() == "json":
                guard info?.isEmpty("catalog") == true, info?.isEmpty("schema") == true else { break }
                width += 1
                (isFixed, isText) = (false, depth == 0)
                return "JSON"
            default:
                guard Self.scalars.contains(id), info == nil else { break }
                width += 1
                return id
            }
            throw LakeError.refused(key, "a cast to \(info?.text("name") ?? id) is not allowed")
        }

        private mutating func decimal(_ info: SyntaxNode?) throws(LakeError) -> String {
            width += 1
            guard let info else { return "DECIMAL" }
            guard let digits = info.value["width"]?.intValue, let scale = info.value["scale"]?.intValue,
                (1...38).contains(digits), (0...digits).contains(scale)
            else { throw LakeError.refused(key, "a DECIMAL has a wrong width or scale") }
            return "DECIMAL(\(digits),\(scale))"
        }

        private mutating func child(_ info: SyntaxNode?, _ depth: Int) throws(LakeError) -> String {
            guard let child = info?.node("child_type") else { throw LakeError.refused(key, "a list has no type") }
            return try type(child, depth: depth + 1)
        }

        /// Every value of an array has memory for all its elements, so the product of the sizes is limited.
        private mutating func array(_ info: SyntaxNode?, _ depth: Int) throws(LakeError) -> String {
            guard let count = info?.value["size"]?.intValue, (1...1000).contains(count) else {
                throw LakeError.refused(key, "an array has 1 to 1000 elements; use a list")
            }
            let before = width
            let element = try child(info, depth)
            width = before + (width - before) * Int(count)
            guard width <= 1000 else { throw LakeError.refused(key, "a type has more than 1000 values") }
            isFixed = false
            return "\(element)[\(count)]"
        }

        private mutating func fields(
            _ info: SyntaxNode?, _ depth: Int, skipping count: Int = 0
        ) throws(LakeError) -> String {
            isFixed = false
            var fields: [String] = []
            for field in (info?.nodes("child_types") ?? []).dropFirst(count) {
                guard let name = field.text("first"), !name.isEmpty, let value = field.node("second") else {
                    throw LakeError.refused(key, "a field has no name or no type")
                }
                fields.append("\(SQL.identifier(name)) \(try type(value, depth: depth + 1))")
            }
            guard !fields.isEmpty else { throw LakeError.refused(key, "a structure has no fields") }
            return fields.joined(separator: ", ")
        }

        /// A map is a list of structures with key and value.
        private mutating func map(_ info: SyntaxNode?, _ depth: Int) throws(LakeError) -> String {
            isFixed = false
            let fields = info?.node("child_type")?.node("type_info")?.nodes("child_types") ?? []
            let types = fields.compactMap { $0.node("second") }
            guard types.count == 2 else { throw LakeError.refused(key, "a map has a type of keys and one of values") }
            let name = try type(types[0], depth: depth + 1)
            return "MAP(\(name), \(try type(types[1], depth: depth + 1)))"
        }

        private static let scalars: Set<String> = [
            "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
            "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "UUID", "DATE", "TIME", "TIME WITH TIME ZONE", "TIMESTAMP",
            "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE", "INTERVAL",
        ]
    }
}
