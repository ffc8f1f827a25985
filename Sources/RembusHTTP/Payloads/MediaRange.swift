/// One element of an `Accept` header (RFC 9110 §12.5.1).
struct MediaRange {
    static let json = "application/json"
    static let arrow = "application/vnd.apache.arrow.stream"
    static let csv = "text/csv"
    static let bytes = "application/octet-stream"

    let type: String
    let quality: Double

    /// A media type without its parameters, in lower case. Called for every request; most headers have that form
    /// already.
    static func type(of header: String) -> String {
        let space = UInt8(ascii: " ")
        var bare = header.utf8.prefix { $0 != UInt8(ascii: ";") }.drop { $0 == space }
        while bare.last == space { bare.removeLast() }
        let text = String(Substring(bare))
        return bare.contains { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) } ? text.lowercased() : text
    }

    /// The ranges of a header, in order of preference.
    static func all(of headers: [String]) -> [MediaRange] {
        headers.flatMap { $0.split(separator: ",") }
            .map { part in
                var quality = 1.0
                for parameter in part.split(separator: ";").dropFirst() {
                    let text = parameter.filter { $0 != " " }.lowercased()
                    if text.hasPrefix("q=") { quality = Double(text.dropFirst(2)) ?? 1 }
                }
                return MediaRange(type: type(of: String(part)), quality: quality)
            }
            .filter { $0.quality > 0 }
            .enumerated().sorted { ($0.element.quality, $1.offset) > ($1.element.quality, $0.offset) }
            .map(\.element)
    }

    func covers(_ other: String) -> Bool {
        if type == "*/*" || type == "*" || type == other { return true }
        return type.hasSuffix("/*") && other.hasPrefix(type.dropLast())
    }
}
