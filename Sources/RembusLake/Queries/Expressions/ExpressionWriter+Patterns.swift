import RembusWire

extension ExpressionWriter {
    /// Writes `LIKE`, `ILIKE` and `GLOB`. DuckDB tries every way in which several wildcards could match, which takes
    /// years for a text of some hundred characters and cannot be stopped. Patterns that could be slow are written as
    /// regular expressions, which take one pass.
    func pattern(
        _ name: String, _ kind: FunctionRule.PatternKind, _ arguments: [Written]
    ) throws(LakeError) -> Written {
        try refuseCaptured(arguments, kind == .glob ? "GLOB" : "LIKE")
        let hasEscape = name.hasSuffix("_escape")
        guard arguments.count == (hasEscape ? 3 : 2) else { throw refusal("a pattern has two operands") }
        let isNegated = name.hasPrefix("!") || name.hasPrefix("not_")
        let (text, pattern) = (arguments[0].sql, arguments[1])
        if kind == .glob {
            guard let glob = pattern.literal?.stringValue, Self.isQuick(glob, wildcard: "*") else {
                throw refusal("GLOB takes a pattern with one * before its end, written as such; use regexp_matches")
            }
            let (operands, condition) = try bounded(name, arguments)
            return Written(sql: guarded("(\(operands[0].sql) ~~~ \(pattern.sql))", condition), size: .fixed)
        }
        var escape: String?
        if hasEscape {
            guard let character = arguments[2].literal?.stringValue, character.unicodeScalars.count <= 1 else {
                throw refusal("ESCAPE takes one character")
            }
            escape = character
        }
        guard let literal = pattern.literal?.stringValue else {
            guard escape == nil else { throw refusal("with ESCAPE the pattern must be written as such") }
            // `regexp_escape` does not change `_`.
            let regex = "replace(replace(regexp_escape(\(pattern.sql)), '\\%', '.*'), '_', '.')"
            // Pattern by pattern, because they are compiled again for every row.
            let condition = scope.budget?.condition(.product, weight: 1000, [text, pattern.sql], anchor: anchor)
            var matched = matching(text, regex, kind, isNegated)
            matched.sql = guarded(matched.sql, condition)
            return matched
        }
        // DuckDB itself looks for the parts one after the other when there is only `%` between them.
        if Self.isQuick(literal, wildcard: "%") || (kind == .like && escape == nil && !literal.contains("_")) {
            let (operands, condition) = try bounded(name, arguments)
            return Written(sql: guarded(plain(name, operands), condition), size: .fixed)
        }
        guard let regex = Self.regex(literal, escape: escape) else {
            throw refusal("the pattern ends with its escape character")
        }
        return matching(text, SQL.literal(regex), kind, isNegated)
    }

    /// Whether at most one wildcard has to be tried at every position. One at the end matches at once.
    private static func isQuick(_ pattern: String, wildcard: Unicode.Scalar) -> Bool {
        let scalars = pattern.unicodeScalars
        return scalars.dropLast(scalars.last == wildcard ? 1 : 0).count { $0 == wildcard } <= 1
    }

    private func plain(_ name: String, _ arguments: [Written]) -> String {
        name.hasSuffix("_escape")
            ? "\(name)(\(arguments.map(\.sql).joined(separator: ", ")))"
            : "(\(arguments[0].sql) \(name) \(arguments[1].sql))"
    }

    private func matching(
        _ text: String, _ regex: String, _ kind: FunctionRule.PatternKind, _ isNegated: Bool
    ) -> Written {
        let options = kind == .ilike ? "si" : "s"
        let text = scope.budget?.text(.scanned, weight: 2000, text, anchor: anchor) ?? text
        let call = "regexp_full_match(\(text), \(regex), '\(options)')"
        return Written(sql: isNegated ? "(NOT \(call))" : call, size: .fixed)
    }

    /// The regular expression for a pattern; nil when the pattern ends within an escape.
    private static func regex(_ pattern: String, escape: String?) -> String? {
        let escape = escape?.unicodeScalars.first
        let special = "\\.+*?()|[]{}^$".unicodeScalars
        var regex = ""
        var isEscaped = false
        for scalar in pattern.unicodeScalars {
            if !isEscaped, scalar == escape {
                isEscaped = true
                continue
            }
            switch scalar {
            case "%" where !isEscaped: regex += ".*"
            case "_" where !isEscaped: regex += "."
            case _ where special.contains(scalar): regex += "\\" + String(scalar)
            default: regex.unicodeScalars.append(scalar)
            }
            isEscaped = false
        }
        return isEscaped ? nil : regex
    }
}
