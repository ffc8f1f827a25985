import RembusTables

/// Rewords DuckDB's errors about a value or an expression: which column, what is wrong, and what to do. DuckDB's texts
/// name C++ types, internal columns and parts of statements, which are unknown to their reader.
struct DatabaseWords {
    /// The column, if the text names one.
    private(set) var column: String?
    /// The problem, without a full stop.
    private(set) var problem: String
    /// Advice; nil when the problem is self-explanatory.
    private(set) var advice: String?

    /// nil when the text is not DuckDB's.
    ///
    /// - Parameter table: The table that the statement was for.
    init?(_ error: LakeError, table: TableSchema) {
        guard let text = Self.text(of: error) else { return nil }
        var statement = text
        var isStaged = false
        if let range = text.ranges(of: " when casting from source column ").last {
            (column, isStaged) = Self.column(String(text[range.upperBound...]), table)
            statement = text[..<range.lowerBound]
        }
        problem = String(statement)
        if let found = Self.null(statement) {
            column = Self.column(found, table).name
            (problem, advice) = ("a row has no value where null is not allowed", "give every row one")
            return
        }
        guard let known = Self.value(statement) ?? Self.expression(statement) else {
            problem = String(statement.prefix(300))
            return
        }
        problem = known.problem
        if let type = known.type, !isStaged {
            let name = column ?? "…"
            advice = "TRY_CAST(\(name) AS \(type)) gives null where a value is none"
        } else {
            advice = known.advice
        }
    }

    /// The first line, without the error class in front and the names of our catalog.
    private static func text(of error: LakeError) -> Substring? {
        let line = error.message.prefix { !$0.isNewline }
        guard let end = line.range(of: " Error: "), line[..<end.lowerBound].allSatisfy({ $0.isLetter || $0 == " " })
        else { return nil }
        return Substring(
            line[end.upperBound...].replacing("\(Catalog.alias).\(Catalog.schema).", with: "")
                .replacing("INTEGER_LITERAL", with: "INTEGER").replacing("STRING_LITERAL", with: "VARCHAR"))
    }

    /// The name of a column in the table, and whether it was one of a staging table, whose columns are numbered.
    private static func column(_ name: String, _ table: TableSchema) -> (name: String, isStaged: Bool) {
        let name = name.trimming("\"")
        if table.allColumns.contains(where: { $0.name == name }) { return (name, false) }
        guard let kind = name.first, "cdf".contains(kind), let index = Int(name.dropFirst()),
            table.allColumns.indices.contains(index)
        else { return (name, false) }
        return (table.allColumns[index].name, true)
    }

    private static func null(_ text: Substring) -> String? {
        guard let range = text.range(of: "NOT NULL constraint failed: ") else { return nil }
        return text[range.upperBound...].split(separator: ".").last.map(String.init)
    }

    private typealias Known = (problem: String, type: String?, advice: String?)

    /// A value of the wrong type.
    private static func value(_ text: Substring) -> Known? {
        for opening in ["Could not convert string '", "Could not convert string \""] {
            guard let (value, type) = text.parts(opening, "\(opening.suffix(1)) to ") else { continue }
            return ("the text \(quoted(value)) is no \(Self.type(type))", Self.type(type), nil)
        }
        if let (kind, rest) = text.parts("invalid ", " field format: \""), let end = rest.lastIndex(of: "\"") {
            let form = rest.parts("expected format is (", ")")?.0
            return (
                "the text \(quoted(rest[..<end])) is no \(kind)", kind.uppercased(),
                form.map { "it is written \($0)" }
            )
        }
        if let (kind, rest) = text.parts("", " field value out of range: \""), let end = rest.firstIndex(of: "\"") {
            return ("the text \(quoted(rest[..<end])) is no \(kind), or none in its range", kind.uppercased(), nil)
        }
        if let (_, rest) = text.parts("Type ", " with value "), let (value, end) = rest.parts("", " can't be cast ") {
            let type = Self.type(end.split(separator: " ").last ?? "")
            return ("the value \(shortened(value)) does not fit \(type)", type, nil)
        }
        if let (value, type) = text.parts("Could not cast value ", " to ") {
            return ("the value \(shortened(value)) does not fit \(Self.type(type))", Self.type(type), nil)
        }
        if text.hasPrefix("Malformed JSON"), let (_, rest) = text.parts("", "Input: \"") {
            return ("the text \(quoted(rest.dropLast())) is no JSON", "JSON", nil)
        }
        return nil
    }

    /// An expression that cannot be evaluated.
    private static func expression(_ text: Substring) -> Known? {
        if let (pair, _) = text.parts("Unimplemented type for cast (", ")"), let (from, to) = pair.parts("", " -> ") {
            return ("\(from) cannot be made \(to)", nil, nil)
        }
        if let (_, rest) = text.parts("Overflow in ", " of "), let (type, calculation) = rest.parts("", " (") {
            return (
                "the result of \(shortened(calculation.prefix { $0 != ")" })) does not fit \(Self.type(type))", nil,
                "cast one of the values to a larger type, as HUGEINT or DOUBLE"
            )
        }
        if let (call, _) = text.parts("No function matches the given name and argument types '", "'") {
            return (
                "there is no \(shortened(call))", nil, "cast the arguments to what it takes, as in CAST(x AS DOUBLE)"
            )
        }
        if let (left, rest) = text.parts("Cannot compare values of type ", " and type "),
            let right = rest.split(separator: " ").first
        {
            return ("\(left) and \(right) cannot be compared", nil, "cast one of them")
        }
        if let (name, _) = text.parts("column \"", "\" must appear in the GROUP BY clause") {
            return (
                "the column \(name) is neither grouped by nor in an aggregate", nil,
                "group by it, or take any_value(\(name))"
            )
        }
        return nil
    }

    /// A type as it is written in SQL.
    private static func type(_ name: Substring) -> String {
        [
            "INT8": "TINYINT", "INT16": "SMALLINT", "INT32": "INTEGER", "INT64": "BIGINT", "INT128": "HUGEINT or UUID",
            "UINT8": "UTINYINT", "UINT16": "USMALLINT", "UINT32": "UINTEGER", "UINT64": "UBIGINT",
            "UINT128": "UHUGEINT", "BOOL": "BOOLEAN",
        ][name] ?? String(name)
    }

    private static func quoted(_ value: Substring) -> String { "\"\(shortened(value))\"" }

    private static func shortened(_ value: Substring) -> String {
        value.count > 40 ? "\(value.prefix(40))…" : String(value)
    }
}

extension DatabaseWords {
    /// The sentence for a caller.
    func sentence(table: TableSchema) -> String {
        let place = column.map { "table \(table.name), column \($0)" } ?? "table \(table.name)"
        return "\(place): \(problem)\(advice.map { "; \($0)" } ?? "")"
    }

    /// The reason for the table `rejected`.
    var reason: String {
        column.map { "Column \($0): \(problem)." } ?? "\(problem.prefix(1).uppercased())\(problem.dropFirst())."
    }
}

extension StringProtocol {
    /// Splits a text that begins with `opening`: the part up to the next `separator`, and the part behind it.
    fileprivate func parts(_ opening: String, _ separator: some StringProtocol) -> (Substring, Substring)? {
        var rest = self[...]
        if !opening.isEmpty {
            guard let found = rest.range(of: opening) else { return nil }
            rest = rest[found.upperBound...]
        }
        guard let end = rest.range(of: String(separator)) else { return nil }
        return (Substring(rest[..<end.lowerBound]), Substring(rest[end.upperBound...]))
    }

    fileprivate func trimming(_ character: Character) -> String {
        var text = Substring(self)
        while text.first == character { text.removeFirst() }
        while text.last == character { text.removeLast() }
        return String(text)
    }

    /// The range of a text, implemented without Foundation.
    fileprivate func range(of text: String) -> Range<Index>? { firstRange(of: text) }
}
