package import Foundation

/// When a component was removed, as a text that people can read: `2026-11-30T12:00:00.250Z`.
package enum RemovalTime {
    private static let withFraction = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    private static let whole = Date.ISO8601FormatStyle()

    /// The text of a time.
    package static func text(_ date: Date) -> String { date.formatted(withFraction) }

    /// Milliseconds since 1970; nil for a text that is no time.
    package static func milliseconds(_ text: String) -> Int64? {
        guard let date = (try? withFraction.parse(text)) ?? (try? whole.parse(text)) else { return nil }
        return Int64(exactly: (date.timeIntervalSince1970 * 1000).rounded())
    }

    static func check(_ text: String) throws(TrustError) {
        guard milliseconds(text) == nil else { return }
        throw TrustError("\"\(text)\" is no time; write it as 2026-11-30T12:00:00Z")
    }
}

extension TrustDocument {
    /// Notes that a component is removed now: certificates that were made for it until now prove nothing any more, and
    /// neither do keys that it has logged in with.
    package mutating func remove(_ name: String, now: Date = .now) {
        removed[name] = RemovalTime.text(now)
    }
}
