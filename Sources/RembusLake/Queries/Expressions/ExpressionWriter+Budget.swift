import RembusWire

/// Checks that are written into the SQL, see ``QueryBudget``. Without a budget there are none.
extension ExpressionWriter {
    /// A column, or an expression for a value of many rows, with a check of its size where new values are made from it.
    ///
    /// - Parameter name: The column's name; nil for anything else.
    mutating func measured(_ sql: String, column name: String? = nil) throws(LakeError) -> String {
        anchor = sql
        // Inside of a lambda it can only be compared and used in calculations.
        guard let budget = scope.budget, lambdas.isEmpty else { return sql }
        if let element, let length = name.flatMap(scope.length) {
            if length == .nested {
                throw refusal("\(name ?? "") holds texts in lists: beside unnest it cannot be repeated; leave it out")
            }
            return length.sql(of: sql).map { budget.checked(sql, length: $0, beside: element) } ?? sql
        }
        guard copying > 0 else { return sql }
        return budget.checked(sql, beside: element)
    }

    /// The value of an aggregate or of a window function.
    mutating func measured(_ found: String, _ size: ValueSize, of name: String) throws(LakeError) -> String {
        guard scope.element == nil || isInUnnest || size.copies == 0 || !hasLongColumns else {
            throw refusal("beside unnest, the value of \(name) cannot be a text or list: it would be repeated")
        }
        return try measured(found)
    }

    /// The SQL of the `unnest` that repeats what is being written, if there is one. Lists, aggregates and windows are
    /// evaluated before it.
    private var element: String? { isInUnnest || isInAggregate || isInWindow ? nil : scope.element }

    /// Counts what an expression makes of every row.
    func make(_ size: ValueSize, weight: Int = 1) throws(LakeError) {
        try scope.budget?.add(size, weight: weight)
    }

    /// Whether a function makes new values, so that the size of its operands counts.
    static func isCopying(_ name: String, _ rule: FunctionRule) -> Bool {
        if let work = Functions.work(name) {
            switch work {
            case .memory, .nested: return true
            case .pairs, .pattern, .marks: break
            }
        }
        switch rule.growth {
        case .fixed, .calculated, .part, .quadratic, .pattern, .sought: return false
        default: return true
        }
    }

    /// The operands of a function whose work has to be measured, and a condition that measures those that cannot be
    /// wrapped in a check.
    func bounded(
        _ name: String, _ arguments: [Written]
    ) throws(LakeError) -> (arguments: [Written], condition: String?) {
        guard let budget = scope.budget, let work = Functions.work(name), !arguments.isEmpty else {
            return (arguments, nil)
        }
        var arguments = arguments
        switch work {
        case .memory(let weight):
            try make(.largest(arguments.map(\.size)), weight: weight)
        case .nested(let weight):
            try make(.sum(arguments.map(\.size)), weight: weight)
            for index in arguments.indices where name != "json_contains" || index < 2 {
                arguments[index].sql = budget.text(.nesting, weight: 1, arguments[index].sql, anchor: anchor)
            }
            // DuckDB looks for every member of one object in the other, so the time grows with the product of their
            // sizes.
            guard name == "json_merge_patch" else { break }
            return (arguments, budget.condition(.product, weight: 10, arguments.map(\.sql), anchor: anchor))
        case .pairs(let weight):
            return (
                arguments, budget.condition(.product, weight: weight, arguments.prefix(2).map(\.sql), anchor: anchor)
            )
        case .marks:
            arguments[0].sql = budget.text(.squareBeyondASCII, weight: 100, arguments[0].sql, anchor: anchor)
        case .pattern(let isRepeated):
            let cost = try patternCost(name, arguments)
            arguments[0].sql = budget.text(.scanned, weight: 100 * cost, arguments[0].sql, anchor: anchor)
            guard isRepeated else { break }
            arguments[0].sql = budget.text(.square, weight: 25, arguments[0].sql, anchor: anchor)
        }
        return (arguments, nil)
    }

    /// A call of a function behind a condition that measures its operands.
    func guarded(_ call: String, _ condition: String?) -> String {
        condition.map { "CASE WHEN \($0) THEN \(call) END" } ?? call
    }

    /// The largest size of a regular expression with its repetitions expanded.
    private func patternCost(_ name: String, _ arguments: [Written]) throws(LakeError) -> Int {
        guard arguments.count > 1 else { return 1 }
        guard let pattern = arguments[1].literal?.stringValue else {
            throw refusal("the pattern of \(name) must be a text, written as such")
        }
        return Self.patternCost(pattern)
    }

    static func patternCost(_ pattern: String) -> Int {
        var cost = max(1, pattern.utf8.count)
        for repetition in pattern.split(separator: "{").dropFirst() {
            let bounds = repetition.prefix { $0 != "}" }.split(separator: ",").compactMap { Int($0) }
            cost = cost.multipliedReportingOverflow(by: max(1, bounds.max() ?? 1)).partialValue
            if cost > 1 << 30 || cost < 0 { return 1 << 30 }
        }
        return cost
    }
}
