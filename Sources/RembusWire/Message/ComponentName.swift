/// Reads component names as peers write them.
package enum ComponentName {
    /// The name without its URL: Julia sends the URL of the connection, whose path is the name (protocol.md §13 D3).
    package static func bare(_ text: String) -> String {
        guard let scheme = text.utf8.firstRange(of: "://".utf8) else { return text }
        let location = text.utf8[scheme.upperBound...].prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        var path = location.drop { $0 != UInt8(ascii: "/") }.drop { $0 == UInt8(ascii: "/") }
        while path.last == UInt8(ascii: "/") { path.removeLast() }
        return String(Substring(path))
    }
}
