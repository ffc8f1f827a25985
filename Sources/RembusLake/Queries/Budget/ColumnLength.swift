import RembusTables

/// How SQL finds the bytes of a column's values without making them anew.
///
/// `unnest` repeats the columns beside it, and DuckDB keeps what is repeated once, with an index for every row. Its functions
/// that give a length leave it so, but what is given to a function of our own is written out before: all copies of it.
enum ColumnLength: Sendable, Equatable {
    /// Numbers, times and the like.
    case fixed
    /// SQL of one operand, written as `~`, gives a number.
    case sql(String)
    /// Only by going through the values, as for lists of texts.
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

    /// The length of what `operand` stands for; nil where it is small or cannot be had.
    func sql(of operand: String) -> String? {
        guard case .sql(let form) = self else { return nil }
        return form.replacing("~", with: operand)
    }
}
