/// The rules for component names and the tenant in them (behaviour.md §2).
enum NameRules {
    /// Why `name` cannot be used, as the text of the refusal; nil when it can.
    static func refusal(of name: String, broker: String, maxBytes: Int) -> String? {
        if name.isEmpty { return "The component's name is empty. Give it one, such as `pump7`." }
        if name.utf8.count > maxBytes {
            return
                "The name has \(name.utf8.count) bytes; at most \(maxBytes) are allowed (`max_name_bytes`). Use a shorter one."
        }
        if name == "repl" || name == "__repl__" {
            return "The name `\(name)` is reserved. Use another, such as `pump7`."
        }
        if name == broker { return "The name `\(name)` is the broker's own. Use another, such as `pump7`." }
        if name.utf8.first == UInt8(ascii: "/") {
            return "Invalid name `\(name)`: it begins with a slash. Use one without, such as `pump7`."
        }
        if name.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) {
            return "The name contains control characters. Use letters and digits, such as `pump7`."
        }
        // Compared by bytes, as a file system does.
        if name.utf8.split(separator: UInt8(ascii: "/")).contains(where: { $0.elementsEqual("..".utf8) }) {
            return "Invalid name `\(name)`: `..` is not allowed. Use one without, such as `pump7`."
        }
        return nil
    }

    /// The tenant of a name: the text behind its first dot, or `.` without a dot.
    static func tenant(of name: String) -> String {
        guard let dot = name.utf8.firstIndex(of: UInt8(ascii: ".")) else { return "." }
        return String(name.utf8[name.utf8.index(after: dot)...]) ?? "."
    }
}
