/// What a client's text may do with one of DuckDB's functions. A function without a rule is refused, so those of a later
/// DuckDB are until somebody has looked at them.
///
/// Every function here depends on its arguments (or the clock) alone, reaches nothing outside of the row, and says how
/// large its value may get.
package struct FunctionRule: Sendable {
    package enum Kind: Sendable, Equatable {
        case scalar
        /// Written between, before or behind its operands.
        case symbol
        /// Over rows; `keepsRows` when the value holds what the rows hold, as that of `list` does.
        case aggregate(keepsRows: Bool)
        /// An aggregate that DuckDB has as a macro: without DISTINCT, FILTER, ORDER BY and OVER.
        case macroAggregate
        /// With OVER only.
        case window
        /// Makes rows of a list.
        case rows
    }

    /// How large the value may get. Positions of arguments count from 0.
    package enum Growth: Sendable, Equatable {
        /// A value of fixed size.
        case fixed
        /// Of a fixed size, and quick enough for values from outside of a lambda.
        case calculated
        /// One of the arguments, or a part of one, without a copy of it.
        case part
        /// At most this many times the size of all arguments together.
        case times(Int)
        /// All arguments together, as many times as there are arguments.
        case timesArguments
        /// The first argument, as often as the number at this position says, which must be a literal.
        case repeated(Int)
        /// As many characters as the number at this position says, which must be a literal.
        case padded(Int)
        /// Whole numbers between bounds that must be literals.
        case series
        /// A text whose format, the first argument, must be a literal: `{}` or `%d`.
        case formatted
        /// `replace(text, from, to)` with literals.
        case replaced
        /// `regexp_replace(text, pattern, replacement)` with a literal replacement.
        case regexReplaced
        /// A part of a JSON value, at a path that must be a literal.
        case path
        /// Of nested JSON a value whose type, the argument at position 1, must be a literal.
        case typed
        /// The elements of a list with a text between them, the argument at this position, which must be a literal.
        case separated(Int)
        /// A part of its second argument that must be a short literal, because finding it takes long otherwise.
        case sought
        /// `list_transform(list, lambda)`.
        case transformed
        /// `list_filter(list, lambda)`.
        case filtered
        /// `list_reduce(list, lambda)`.
        case reduced
        /// `list_aggregate(list, 'name', …)`.
        case aggregated
        /// Of a fixed size, but the time it takes grows with the product of its arguments' lengths.
        case quadratic
        /// Texts with a pattern: `LIKE` and its kin.
        case pattern(PatternKind)
    }

    package enum PatternKind: Sendable, Equatable {
        case like, ilike, glob
    }

    package let kind: Kind
    package let growth: Growth
}

/// The functions that a client's text may call.
package enum Functions {
    /// The rule of a function; nil when it is refused.
    package static func rule(_ name: String) -> FunctionRule? { rules[name] }

    /// All of them by name.
    package static let rules: [String: FunctionRule] = {
        var rules: [String: FunctionRule] = [:]
        for (kind, growth, names) in scalarTable + listTable + aggregateTable {
            for name in names.split(whereSeparator: \.isWhitespace) {
                rules[name.lowercased()] = FunctionRule(kind: kind, growth: growth)
            }
        }
        return rules
    }()

    typealias Entry = (kind: FunctionRule.Kind, growth: FunctionRule.Growth, names: String)

    /// Names without parentheses that are functions.
    static let keywords: Set<String> = [
        "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp",
    ]

    /// Those whose arguments are the fields of a structure, named with `:=`.
    static let naming: Set<String> = ["struct_pack", "struct_insert", "struct_update"]
}
