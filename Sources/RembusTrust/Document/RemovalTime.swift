package import Foundation

/// The time when a component was removed, as readable text: `2026-11-30T12:00:00.250Z`.
package enum RemovalTime {
    private static let withFraction = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    private static let whole = Date.ISO8601FormatStyle()

    /// The text of a time.
    package static func text(_ date: Date) -> String { date.formatted(withFraction) }

    /// Milliseconds since 1970; nil for a malformed text.
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
    /// Records that a component is removed now. Certificates that were issued for it before, and keys that it has used,
    /// are no longer valid.
    package mutating func remove(_ name: String, now: Date = .now) {
        removed[name] = RemovalTime.text(now)
    }
}
