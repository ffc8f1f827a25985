import RembusListening
import RembusWire

/// Path and query of a request, decoded.
struct RequestTarget {
    /// The decoded segments: `/a%2Fb/c` has two, `/` none.
    private(set) var segments: [String]
    let query: [(name: String, value: String)]

    /// nil when a `%` is not followed by two hexadecimal digits, or the text is not UTF-8.
    init?(_ uri: String) {
        // The absolute form is meant for proxies, but clients may use it here too.
        var text = AbsoluteTarget(uri).map { Substring($0.rest) } ?? Substring(uri)
        if let fragment = text.utf8.firstIndex(of: UInt8(ascii: "#")) { text = text[..<fragment] }
        var path = text
        var query: [(name: String, value: String)] = []
        if let mark = text.utf8.firstIndex(of: UInt8(ascii: "?")) {
            path = text[..<mark]
            for part in text[text.utf8.index(after: mark)...].utf8.split(separator: UInt8(ascii: "&")) {
                let pair = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                guard let name = Self.decode(Substring(pair[0]), plusIsSpace: true),
                    let value = Self.decode(pair.count > 1 ? Substring(pair[1]) : "", plusIsSpace: true)
                else { return nil }
                query.append((name, value))
            }
        }
        self.query = query
        var segments: [String] = []
        if path.utf8.count > 1 {
            for part in path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
                guard let segment = Self.decode(Substring(part), plusIsSpace: false) else { return nil }
                segments.append(segment)
            }
        }
        self.segments = segments
    }

    /// Removes the segments of a prefix. Returns false when the path does not begin with them.
    mutating func strip(_ prefix: [String]) -> Bool {
        guard segments.starts(with: prefix) else { return false }
        segments.removeFirst(prefix.count)
        // `/rembus/` is the same as `/rembus`: the root behind the prefix.
        if segments == [""] { segments = [] }
        return true
    }

    func first(_ name: String) -> String? { query.first { $0.name == name }?.value }

    private static func decode(_ text: Substring, plusIsSpace: Bool) -> String? {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") || $0 >= 0x80 }) else {
            return String(text)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
