import ArgumentParser

/// A duration on the command line: `250ms`, `30s`, `10m`, `1h30m`, `2d`, or plain seconds as in `1.5`.
struct TimeSpanOption: Hashable, Sendable, ExpressibleByArgument {
    var seconds: Double

    var duration: Duration { .seconds(seconds) }

    private static let units: [Substring: Double] = ["ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400]

    /// The longest duration in seconds, which all clocks of the program can represent.
    private static let limit = 1e9

    init(seconds: Double) {
        self.seconds = seconds
    }

    init?(_ text: some StringProtocol) {
        if let plain = Self.number(Substring(text)) {
            self.init(checked: plain)
            return
        }
        var rest = Substring(text)
        var total = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let number = Self.number(digits), let factor = Self.units[unit] else { return nil }
            total += number * factor
        }
        self.init(checked: total)
    }

    init?(argument: String) {
        self.init(argument)
    }

    private init?(checked seconds: Double) {
        guard seconds.isFinite, (0...Self.limit).contains(seconds) else { return nil }
        self.seconds = seconds
    }

    var defaultValueDescription: String { (Int(exactly: seconds).map(String.init) ?? String(seconds)) + "s" }

    /// Digits with at most one point. `Double` alone would also accept `1e3`, `inf` and `0x10`.
    private static func number(_ text: Substring) -> Double? {
        guard text.contains(where: \.isNumber), text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }) else {
            return nil
        }
        return Double(text)
    }
}
