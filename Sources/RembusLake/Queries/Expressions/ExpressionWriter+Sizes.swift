import RembusWire

extension ExpressionWriter {
    /// The largest size of a function's value. Throws when an argument that decides it is not a literal.
    func size(
        of growth: FunctionRule.Growth, _ name: String, _ arguments: [Written]
    ) throws(LakeError) -> ValueSize {
        if growth == .calculated { return .fixed }
        try refuseCaptured(arguments, name)
        let all = ValueSize.sum(arguments.map(\.size))
        switch growth {
        case .calculated, .fixed, .quadratic: return .fixed
        case .part: return .largest(arguments.map(\.size))
        case .times(let factor): return .sum([all.times(factor), .fixed])
        case .timesArguments: return all.times(max(1, arguments.count))
        case .repeated(let index):
            let count = try number(name, arguments, index)
            return all.times(max(1, count))
        case .padded(let index):
            guard index < arguments.count else { return .sum([.fixed, all]) }
            return .sum([all, ValueSize(bytes: 4 * (try number(name, arguments, index)))])
        case .series: return try series(name, arguments)
        case .formatted: return try formatted(name, arguments)
        case .replaced: return try replaced(name, arguments)
        case .regexReplaced: return try regexReplaced(name, arguments)
        case .path: return try path(name, arguments)
        case .typed:
            let structure = try text(name, arguments, 1)
            return all.times(max(16, structure.utf8.count))
        case .separated(let index):
            let separator = index < arguments.count ? try text(name, arguments, index) : ""
            // An element of one byte may become the digits of a number.
            return .sum([arguments.first?.size ?? .fixed]).times(24 + separator.utf8.count)
        case .sought:
            guard try text(name, arguments, 1).utf8.count <= 256 else {
                throw refusal("what \(name) looks for has at most 256 bytes")
            }
            return .fixed
        case .aggregated: return try aggregated(name, arguments)
        case .transformed, .filtered, .reduced: throw refusal("\(name) takes a list and a lambda")
        case .pattern: return .fixed
        }
    }

    /// Throws when an argument is captured by a lambda, because it would then exist once for every element.
    func refuseCaptured(_ arguments: [Written], _ name: String) throws(LakeError) {
        guard arguments.contains(where: \.size.isCaptured) else { return }
        throw refusal(
            "in a lambda, \(name) takes the lambda's own parameters; columns can be compared and calculated with")
    }

    // MARK: - Literals that decide

    private func number(_ name: String, _ arguments: [Written], _ index: Int) throws(LakeError) -> Int {
        guard index < arguments.count, case .integer(let number)? = arguments[index].literal,
            (0...1000).contains(number)
        else { throw refusal("argument \(index + 1) of \(name) must be a number of at most 1000, written as such") }
        return Int(number)
    }

    private func text(_ name: String, _ arguments: [Written], _ index: Int) throws(LakeError) -> String {
        guard index < arguments.count, case .text(let text)? = arguments[index].literal else {
            throw refusal("argument \(index + 1) of \(name) must be a text, written as such")
        }
        return text
    }

    /// `range(10)`, `range(0, 10)`, `range(0, 10, 2)`: the bounds decide the length.
    private func series(_ name: String, _ arguments: [Written]) throws(LakeError) -> ValueSize {
        var bounds: [Int64] = []
        for argument in arguments {
            guard case .integer(let bound)? = argument.literal, (-1_000_000...1_000_000).contains(bound) else {
                throw refusal("\(name) takes whole numbers, written as such")
            }
            bounds.append(bound)
        }
        let (start, end) = bounds.count > 1 ? (bounds[0], bounds[1]) : (0, bounds.first ?? 0)
        let count = abs(end - start) / max(1, bounds.count > 2 ? abs(bounds[2]) : 1)
        guard count <= 1000 else { throw refusal("\(name) may give at most 1000 numbers") }
        return ValueSize(bytes: 8 * Int(count) + 8)
    }

    private func formatted(_ name: String, _ arguments: [Written]) throws(LakeError) -> ValueSize {
        let format = try text(name, arguments, 0)
        let digits = format.split { !$0.isASCII || !$0.isNumber }
        guard digits.allSatisfy({ $0.utf8.count <= 3 }), !format.contains("*") else {
            throw refusal("widths in the format of \(name) are numbers below 1000")
        }
        // `{:{}}` takes the width from an argument.
        var isOpen = false
        for character in format {
            if character == "{" {
                guard !isOpen || name != "format" else { throw refusal("a width of \(name) must be a number") }
                isOpen = true
            } else if character == "}" {
                isOpen = false
            }
        }
        let places = format.count { $0 == "{" || $0 == "%" }
        let values = ValueSize.sum(arguments.dropFirst().map(\.size))
        return .sum([values.times(max(1, places)), ValueSize(bytes: format.utf8.count + places * 1000)])
    }

    private func replaced(_ name: String, _ arguments: [Written]) throws(LakeError) -> ValueSize {
        let (old, new) = (try text(name, arguments, 1), try text(name, arguments, 2))
        let factor = (new.utf8.count + max(1, old.utf8.count) - 1) / max(1, old.utf8.count)
        return .sum([arguments[0].size.times(max(1, factor)), .fixed])
    }

    private func regexReplaced(_ name: String, _ arguments: [Written]) throws(LakeError) -> ValueSize {
        // An empty match is found before every character. Each group in the replacement is at most the whole match.
        let new = try text(name, arguments, 2)
        let groups = new.count { $0 == "\\" }
        return .sum([arguments[0].size.times(1 + new.utf8.count + groups), ValueSize(bytes: new.utf8.count)])
    }

    /// A path with `**` or `..` returns every part of a document once for each part that contains it.
    private func path(_ name: String, _ arguments: [Written]) throws(LakeError) -> ValueSize {
        let document = arguments.first?.size ?? .fixed
        let paths = arguments.dropFirst().flatMap { $0.literal?.arrayValue ?? [$0.literal ?? .null] }
        for path in paths {
            switch path {
            case .integer: continue
            case .text(let path) where !path.contains("**") && !path.contains(".."): continue
            default:
                throw refusal(
                    "the path of \(name) must be a text or number, written as such, without ** and ..")
            }
        }
        // `$[*]` and `$.*` return a list, in which each element takes 16 bytes.
        let hasWildcard = paths.contains { $0.stringValue?.contains("*") == true }
        return document.times((hasWildcard ? 16 : 1) * max(1, paths.count))
    }

    private func aggregated(_ name: String, _ arguments: [Written]) throws(LakeError) -> ValueSize {
        let aggregate = try text(name, arguments, 1).lowercased()
        guard let rule = Functions.rule(aggregate), case .aggregate = rule.kind else {
            throw refusal("the aggregate \(aggregate.prefix(60)) is not allowed")
        }
        return try size(of: rule.growth, name, [arguments[0]] + arguments.dropFirst(2))
    }
}
