import RembusTables

/// How SQL finds the bytes of a column's values without copying them.
///
/// `unnest` repeats the columns beside it, which DuckDB stores once with an index for each row. DuckDB's length
/// functions keep this form, but for a function of our own all copies would be written out.
enum ColumnLength: Sendable, Equatable {
    /// The values have a fixed size: numbers, times and the like.
    case fixed
    /// The SQL of a number, with `~` for the operand.
    case sql(String)
    /// The values have to be read, as for lists of texts.
    case nested

    init(_ type: ColumnType) {
        switch type {
        case .varchar, .json, .interval: self = .sql("strlen(~)")
        case .blob: self = .sql("octet_length(~)")
        case .list(let element) where Self(element) == .fixed: self = .sql("(\(VectorBytes.perValue) * len(~))")
        case .map(let key, let value) where Self(key) == .fixed && Self(value) == .fixed:
            self = .sql("(\(2 * VectorBytes.perValue) * cardinality(~))")
        case .list, .map: self = .nested
        case .structure(let fields):
            self = fields.allSatisfy { Self($0.type) == .fixed } ? .fixed : .nested
        default: self = .fixed
        }
    }

    /// The length of `operand`; nil where it is small or cannot be found.
    func sql(of operand: String) -> String? {
        guard case .sql(let form) = self else { return nil }
        return form.replacing("~", with: operand)
    }
}
