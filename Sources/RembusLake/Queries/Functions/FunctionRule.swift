/// How a client's text may use one of DuckDB's functions. Functions without a rule are refused, including new ones of
/// later versions, until somebody has examined them.
///
/// The value of every function here depends only on its arguments (or the clock). The functions access nothing outside
/// of the row, and their rules tell how large the value may become.
package struct FunctionRule: Sendable {
    package enum Kind: Sendable, Equatable {
        case scalar
        /// An operator, written between, before or behind its operands.
        case symbol
        /// An aggregate. `keepsRows` is whether the value contains what the rows contain, as for `list`.
        case aggregate(keepsRows: Bool)
        /// An aggregate that is a macro in DuckDB: without DISTINCT, FILTER, ORDER BY and OVER.
        case macroAggregate
        /// A function with OVER only.
        case window
        /// A function that makes rows from a list.
        case rows
    }

    /// The largest size of the value. Positions of arguments count from 0.
    package enum Growth: Sendable, Equatable {
        /// The size is fixed.
        case fixed
        /// The size is fixed, and the function is fast enough for values from outside of a lambda.
        case calculated
        /// One of the arguments, or a part of one, without a copy.
        case part
        /// At most this many times the size of all arguments together.
        case times(Int)
        /// All arguments together, as many times as there are arguments.
        case timesArguments
        /// The first argument, repeated by the number at this position, which must be a literal.
        case repeated(Int)
        /// The number of characters at this position, which must be a literal.
        case padded(Int)
        /// Integers between bounds that must be literals.
        case series
        /// A text whose format, the first argument, must be a literal: `{}` or `%d`.
        case formatted
        /// The value of `replace(text, from, to)` with literals.
        case replaced
        /// The value of `regexp_replace(text, pattern, replacement)` with a literal replacement.
        case regexReplaced
        /// A part of a JSON value, at a path that must be a literal.
        case path
        /// A value made from nested JSON, whose type, the argument at position 1, must be a literal.
        case typed
        /// The elements of a list with a separator, the argument at this position, which must be a literal.
        case separated(Int)
        /// A part of the second argument, which must be a short literal, because finding it would take too long
        /// otherwise.
        case sought
        /// The value of `list_transform(list, lambda)`.
        case transformed
        /// The value of `list_filter(list, lambda)`.
        case filtered
        /// The value of `list_reduce(list, lambda)`.
        case reduced
        /// The value of `list_aggregate(list, 'name', …)`.
        case aggregated
        /// The size is fixed, but the time grows with the product of the arguments' lengths.
        case quadratic
        /// The result of matching a pattern: `LIKE` and similar.
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

    /// All rules by the function's name.
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

    /// Names that are functions without parentheses.
    static let keywords: Set<String> = [
        "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp",
    ]

    /// Functions whose arguments are the fields of a structure, named with `:=`.
    static let naming: Set<String> = ["struct_pack", "struct_insert", "struct_update"]
}
