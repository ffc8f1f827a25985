package import RembusWire

/// A value of `--record`: topics to keep, and for how long (`PATTERN[,age=7d][,size=100MB]`).
package struct RecordPattern: Sendable, Hashable {
    /// Which topics it is about.
    package enum Topics: Sendable, Hashable {
        /// `all`: every topic, also those that a pattern does not match.
        case all
        /// `none`: no topic is kept.
        case none
        case pattern(TopicPattern)
    }

    package let topics: Topics
    package let retention: Retention

    /// Reads a value of `--record`.
    package init(parsing text: String) throws(RecordPatternError) {
        var parts = text.split(separator: ",", omittingEmptySubsequences: false)[...]
        let topic = parts.removeFirst().trimming()
        guard !topic.isEmpty else {
            throw RecordPatternError(text, "has no topic; write PATTERN, all or none")
        }
        var retention = Retention()
        for part in parts {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let (key, value) = (pair[0].trimming(), pair.count == 2 ? pair[1].trimming() : "")
            switch key {
            case "age":
                guard retention.maxAge == nil else { throw RecordPatternError(text, "has two ages") }
                guard let age = Quantity.nanoseconds(value) else {
                    throw RecordPatternError(
                        text, "has the age \"\(value)\"; write a number with s, m, h, d or w, like 7d")
                }
                retention.maxAge = age
            case "size":
                guard retention.maxBytes == nil else { throw RecordPatternError(text, "has two sizes") }
                guard let size = Quantity.bytes(value) else {
                    throw RecordPatternError(
                        text, "has the size \"\(value)\"; write a number with kB, MB, GB, KiB, MiB or GiB, like 100MB")
                }
                retention.maxBytes = size
            default:
                throw RecordPatternError(text, "has \"\(part)\"; behind the pattern only age=… and size=… may follow")
            }
        }
        switch topic {
        case "all": topics = .all
        case "none":
            guard retention == Retention() else {
                throw RecordPatternError(text, "keeps nothing, so that it has neither age nor size")
            }
            topics = .none
        default: topics = .pattern(TopicPattern(String(topic)))
        }
        self.retention = retention
    }
}

/// How long publications are kept.
package struct Retention: Sendable, Hashable {
    /// Nanoseconds; nil: for ever.
    package var maxAge: UInt64?
    /// Bytes of all publications of the pattern together, the oldest go first; nil: without limit.
    package var maxBytes: UInt64?

    package init(maxAge: UInt64? = nil, maxBytes: UInt64? = nil) {
        self.maxAge = maxAge
        self.maxBytes = maxBytes
    }
}

/// What is wrong with a value of `--record`.
package struct RecordPatternError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A sentence that quotes the value and says what would be right.
    package let description: String

    init(_ text: String, _ problem: String) {
        description = "The record pattern \"\(text)\" \(problem)."
    }
}

/// Numbers with units.
enum Quantity {
    private static let times: [String: UInt64] = [
        "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400,
    ]
    private static let sizes: [String: UInt64] = [
        "": 1, "b": 1, "k": 1000, "kb": 1000, "m": 1_000_000, "mb": 1_000_000, "g": 1_000_000_000,
        "gb": 1_000_000_000, "t": 1_000_000_000_000, "tb": 1_000_000_000_000, "kib": 1 << 10, "mib": 1 << 20,
        "gib": 1 << 30, "tib": 1 << 40,
    ]

    /// `90s`, `1.5h`, `7d` as nanoseconds; above zero.
    static func nanoseconds(_ text: Substring) -> UInt64? {
        product(text, times).flatMap { UInt64(exactly: ($0 * 1_000_000_000).rounded()) }
    }

    /// `100MB`, `1.5GiB`, `4096` as bytes; above zero.
    static func bytes(_ text: Substring) -> UInt64? {
        product(text, sizes).flatMap { UInt64(exactly: $0.rounded()) }
    }

    private static func product(_ text: Substring, _ units: [String: UInt64]) -> Double? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(digits.count).trimming().lowercased()
        guard let number = Double(digits), let factor = units[unit] else { return nil }
        let product = number * Double(factor)
        return product > 0 && product < 1e18 ? product : nil
    }
}
