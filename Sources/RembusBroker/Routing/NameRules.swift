/// The rules for component names and the tenant in them (behaviour.md §2).
enum NameRules {
    /// Why `name` cannot be used, in the words of the refusal; nil when it can.
    static func refusal(of name: String, broker: String, maxBytes: Int) -> String? {
        if name.isEmpty { return "empty cid" }
        if name.utf8.count > maxBytes { return "name is longer than \(maxBytes) bytes" }
        if name == "repl" || name == "__repl__" { return "name \(name) is reserved" }
        if name == broker { return "name \(name) is the broker's own" }
        if name.utf8.first == UInt8(ascii: "/") { return "name starts with a slash" }
        if name.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) {
            return "name contains control characters"
        }
        // By bytes, as a file system would see it.
        if name.utf8.split(separator: UInt8(ascii: "/")).contains(where: { $0.elementsEqual("..".utf8) }) {
            return "name contains a .. segment"
        }
        return nil
    }

    /// The tenant: the text behind the first dot, `.` when there is none.
    static func tenant(of name: String) -> String {
        guard let dot = name.utf8.firstIndex(of: UInt8(ascii: ".")) else { return "." }
        return String(name.utf8[name.utf8.index(after: dot)...]) ?? "."
    }
}
