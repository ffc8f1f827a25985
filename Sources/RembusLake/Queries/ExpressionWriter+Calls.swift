extension ExpressionWriter {
    /// A call of a function or the use of an operator.
    mutating func call(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> String {
        let name = node.text("function_name")?.lowercased() ?? ""
        let isAggregate = Functions.aggregates.contains(name)
        guard isAggregate || Functions.scalars.contains(name) || Functions.operators.contains(name) else {
            throw refusal("the function \(name) is not allowed")
        }
        // The parser itself puts some of them into the schema `main`.
        guard ["", "main"].contains(node.text("schema")), node.isEmpty("catalog") else {
            throw refusal("the function \(name) must not be qualified")
        }
        guard node.isEmpty("filter"), node.node("order_bys")?.isEmpty("orders") == true,
            node.flag("export_state") == false, isAggregate || node.flag("distinct") == false
        else { throw refusal("FILTER, ORDER BY and DISTINCT are not allowed in the call of \(name)") }

        if isAggregate {
            guard aggregates != .refused else { throw refusal("the aggregate \(name) is not allowed here") }
            aggregates = .found
        }
        let arguments = try children(node, depth)
        if Functions.operators.contains(name) { return try operation(name, arguments) }
        if name == "count_star" { return "count(*)" }
        let distinct = node.flag("distinct") == true ? "DISTINCT " : ""
        return "\(Functions.quoted(name))(\(distinct)\(arguments.joined(separator: ", ")))"
    }

    private func operation(_ symbol: String, _ operands: [String]) throws(LakeError) -> String {
        switch operands.count {
        case 1: return "(\(symbol) \(operands[0]))"
        case 2: return "(\(operands[0]) \(symbol) \(operands[1]))"
        default: throw refusal("the operator \(symbol) has \(operands.count) operands")
        }
    }
}

/// What client text may call: functions that depend on their arguments (or the clock) alone, reach nothing outside of
/// the row, and give no more than a small multiple of what they are given. So neither `repeat` nor `replace`, with which
/// a short text makes gigabytes.
enum Functions {
    /// Written between or before their operands.
    static let operators: Set<String> = [
        "+", "-", "*", "/", "//", "%", "^", "**", "||", "&", "|", "<<", ">>", "~", "~~", "!~~", "~~*", "!~~*", "~~~",
        "^@",
    ]

    /// Names without parentheses that are functions.
    static let keywords: Set<String> = [
        "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp",
    ]

    static let scalars: Set<String> = [
        // Numbers
        "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "ceiling", "cos", "cosh",
        "cot",
        "degrees", "divide", "even", "exp", "fdiv", "floor", "fmod", "gcd", "greatest_common_divisor", "greatest",
        "isfinite", "isinf", "isnan", "lcm", "least", "least_common_multiple", "ln", "log", "log10", "log2", "mod",
        "nextafter", "pi", "pow", "power", "radians", "round", "round_even", "sign", "signbit", "sin", "sinh", "sqrt",
        "tan", "tanh", "trunc", "add", "subtract", "multiply", "bit_count", "xor",
        // Texts
        "ascii", "char_length", "character_length", "chr", "concat", "contains", "ends_with", "hash", "ilike_escape",
        "instr", "jaccard", "jaro_similarity", "jaro_winkler_similarity", "left", "len", "length", "levenshtein",
        "like_escape", "lcase", "lower", "ltrim", "md5", "nfc_normalize", "not_ilike_escape", "not_like_escape", "ord",
        "position", "prefix", "regexp_extract", "regexp_full_match", "regexp_matches", "reverse", "right", "rtrim",
        "sha1", "sha256", "split_part", "starts_with", "strip_accents", "strlen", "strpos", "substr", "substring",
        "suffix", "translate", "trim", "ucase", "unicode", "upper", "octet_length", "hex", "to_hex", "bit_length",
        // Any type
        "constant_or_null", "ifnull", "nullif", "typeof",
        // Dates and times
        "age", "century", "date_add", "date_diff", "date_part", "date_sub", "date_trunc", "datediff", "datepart",
        "datesub", "datetrunc", "day", "dayname", "dayofmonth", "dayofweek", "dayofyear", "decade", "epoch", "epoch_ms",
        "epoch_ns", "epoch_us", "era", "get_current_timestamp", "get_current_time", "hour", "isodow", "isoyear",
        "julian", "last_day", "make_date", "make_time", "make_timestamp", "make_timestamp_ms", "make_timestamp_ns",
        "microsecond", "millennium", "millisecond", "minute", "month", "monthname", "nanosecond", "now", "quarter",
        "second", "strftime", "strptime", "time_bucket", "timezone", "timezone_hour", "timezone_minute", "to_centuries",
        "to_days", "to_decades", "to_hours", "to_microseconds", "to_millennia", "to_milliseconds", "to_minutes",
        "to_months", "to_quarters", "to_seconds", "to_timestamp", "to_weeks", "to_years", "today",
        "transaction_timestamp", "try_strptime", "week", "weekday", "weekofyear", "year", "yearweek",
    ]

    static let aggregates: Set<String> = [
        "any_value", "approx_count_distinct", "approx_quantile", "arg_max", "arg_min", "argmax", "argmin", "avg",
        "bit_and", "bit_or", "bit_xor", "bool_and", "bool_or", "corr", "count", "count_if", "count_star", "countif",
        "covar_pop", "covar_samp", "entropy", "favg", "first", "fsum", "geomean", "geometric_mean", "kahan_sum",
        "kurtosis", "kurtosis_pop", "last", "mad", "max", "max_by", "mean", "median", "min", "min_by", "mode",
        "product",
        "quantile_cont", "quantile_disc", "regr_avgx", "regr_avgy", "regr_count", "regr_intercept", "regr_r2",
        "regr_slope", "regr_sxx", "regr_sxy", "regr_syy", "sem", "skewness", "stddev", "stddev_pop", "stddev_samp",
        "sum", "sumkahan", "var_pop", "var_samp", "variance",
    ]

    /// A function's name for SQL: these few are words of the grammar.
    static func quoted(_ name: String) -> String {
        ["first", "last", "left", "right", "position", "substring", "trim"].contains(name) ? SQL.identifier(name) : name
    }
}
