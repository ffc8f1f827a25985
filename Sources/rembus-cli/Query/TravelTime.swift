import ArgumentParser
import Foundation
import Rembus

/// A moment to ask for: seconds since 1970, or a text that is a local time unless it says otherwise.
struct TravelTime: ExpressibleByArgument {
    /// What goes to the broker (storage.md §6.1).
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
            // The broker knows more forms, with fractions and offsets, and says what is wrong with others.
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
