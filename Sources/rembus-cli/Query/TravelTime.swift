import ArgumentParser
import Foundation
import Rembus

/// A point in time: seconds since 1970, or a text, which is a local time unless it has an offset.
struct TravelTime: ExpressibleByArgument {
    /// The value for the broker (storage.md §6.1).
    let value: Value

    private static let localFormats = [
        "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd",
    ]

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        if let seconds = Int64(argument) {
            value = .integer(seconds)
        } else if let date = Self.localTime(argument) {
            value = .integer(Int64(date.timeIntervalSince1970))
        } else {
            // The broker accepts more forms, with fractions and offsets, and reports malformed ones.
            value = .text(argument)
        }
    }

    private static func localTime(_ text: String) -> Date? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = .current
        formatter.isLenient = false
        for format in localFormats {
            formatter.dateFormat = format
            if let date = formatter.date(from: text) { return date }
        }
        return nil
    }
}
