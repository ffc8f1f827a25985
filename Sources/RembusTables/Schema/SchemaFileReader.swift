import RembusWire

/// Turns the JSON of a schema into tables; the first mistake ends it.
struct SchemaFileReader {
    let file: String
    private let source: JSONText
    var notices: [String] = []
    /// The place of the reader, for messages.
    var table: String?
    var column: String?
    /// The place as steps from the root of the JSON text.
    var steps: [JSONText.Step] = []

    init(file: String, source: JSONText) {
        self.file = file
        self.source = source
    }

    mutating func read() throws(SchemaError) -> [TableSchema] {
        let document = source.value
        guard let root = document.mapValue else {
            throw failure("a schema is an object, this is \(document.jsonKind)", #"for example {"tables": []}"#)
        }
        try refuseUnknownKeys(of: root, known: ["tables"])
        guard let list = root["tables"] else { throw failure(#"the key "tables" is missing"#, "it holds an array") }
        guard let list = list.arrayValue else {
            throw failure(#""tables" is \#(list.jsonKind)"#, "it must be an array", at: "tables")
        }
        var tables: [TableSchema] = []
        for (index, value) in list.enumerated() {
            table = "\(index + 1)"
            column = nil
            steps = [.key("tables"), .element(index)]
            let next = try readTable(value)
            if let other = tables.first(where: { $0.name.lowercased() == next.name.lowercased() }) {
                throw failure(
                    "a table of this name exists already",
                    other.name == next.name ? nil : "upper and lower case are the same to the database")
            }
            if let other = tables.first(where: { covers($0, next) }) {
                notice("gets nothing by its topic, which is one of table \(quoted(other.name)) too")
            }
            tables.append(next)
        }
        steps = []
        if tables.isEmpty { notices.append("\(file): there are no tables") }
        return tables
    }

    /// Whether every publication for `second` is one for `first` too.
    private func covers(_ first: TableSchema, _ second: TableSchema) -> Bool {
        guard first.tenant == .all || first.tenant == second.tenant else { return false }
        let (left, right) = (TopicSegment.split(first.topic), TopicSegment.split(second.topic))
        guard left.count == right.count else { return false }
        return zip(left, right).allSatisfy { left, right in
            if case .variable = left { true } else { left == right }
        }
    }

    // MARK: - Values of a certain kind

    /// The text of a key; nil when it is absent or null.
    func text(_ key: String, of map: ValueMap) throws(SchemaError) -> String? {
        guard let value = map[key], !value.isNull else { return nil }
        guard let text = value.stringValue else {
            throw failure("\(quoted(key)) is \(value.jsonKind)", "it must be a text", at: key)
        }
        return text
    }

    /// The text of a key that must be there and name something in the database.
    func name(_ key: String, of map: ValueMap) throws(SchemaError) -> String {
        guard let text = try text(key, of: map) else {
            throw failure("the key \(quoted(key)) is missing", "it is a text")
        }
        try checkName(text, of: key)
        return text
    }

    func checkName(_ text: String, of key: String) throws(SchemaError) {
        guard !text.isEmpty else { throw failure("\(quoted(key)) is empty", "it must be a name", at: key) }
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw failure("\(quoted(key)) has a control character in it", "any other text can be a name", at: key)
        }
    }

    /// The texts of an array; empty when it is absent or null.
    func texts(_ key: String, of map: ValueMap) throws(SchemaError) -> [String] {
        guard let value = map[key], !value.isNull else { return [] }
        guard let list = value.arrayValue else {
            throw failure("\(quoted(key)) is \(value.jsonKind)", "it must be an array of texts", at: key)
        }
        var texts: [String] = []
        for element in list {
            guard let text = element.stringValue else {
                throw failure("\(quoted(key)) contains \(element.jsonKind)", "it must be an array of texts", at: key)
            }
            texts.append(text)
        }
        return texts
    }

    // MARK: - Messages

    /// A mistake in what is being read, or in the member `key` of it.
    func failure(_ problem: String, _ allowed: String? = nil, at key: String? = nil) -> SchemaError {
        let place = source.position(of: steps + (key.map { [.key($0)] } ?? [])) ?? source.position(of: steps)
        return SchemaError(
            file: file, line: place?.line, table: table, column: column, problem: problem, allowed: allowed)
    }

    mutating func notice(_ sentence: String) {
        notices.append(SchemaError(file: file, table: table, column: column, problem: sentence).description)
    }

    /// A misspelt key would silently be as if it were not there.
    func refuseUnknownKeys(of map: ValueMap, known: Set<String>) throws(SchemaError) {
        for pair in map.pairs {
            guard let key = pair.key.stringValue, !known.contains(key) else { continue }
            let near = Spelling.nearest(to: key, in: known.sorted())
            throw failure(
                "the key \(quoted(key)) is not known",
                near.map { "did you mean \(quoted($0))?" } ?? "there are " + known.sorted().joined(separator: ", "),
                at: key)
        }
    }

    func quoted(_ text: String) -> String { "\"\(text)\"" }
}

extension Value {
    /// What the value is in JSON, with its article.
    var jsonKind: String {
        switch self {
        case .null, .undefined: "null"
        case .bool: "a truth value"
        case .integer, .unsigned, .negative, .bigInteger, .float, .simple: "a number"
        case .text, .bytes: "a text"
        case .array: "an array"
        case .map: "an object"
        case .tagged(_, let content): content.jsonKind
        }
    }
}
