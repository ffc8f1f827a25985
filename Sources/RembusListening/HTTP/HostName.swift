/// Hosts in requests: `localhost:8080`, `[::1]`, `panel.example`.
package enum HostName {
    /// Whether a text is a host with an optional port (RFC 3986 §3.2).
    package static func isAuthority(_ text: String) -> Bool {
        var host = Substring(text)
        var port = Substring()
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return false }
            let rest = host[host.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return false }
            (host, port) = (host[...end], rest.dropFirst())
            guard
                host.utf8.dropFirst().dropLast().allSatisfy({
                    $0.isHexDigit || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
                })
            else { return false }
        } else if let colon = host.firstIndex(of: ":") {
            (host, port) = (host[..<colon], host[host.index(after: colon)...])
        }
        guard host.utf8.allSatisfy({ $0.mayBeInHost }), !host.isEmpty else { return false }
        return port.isEmpty || UInt16(port) != nil && port.utf8.allSatisfy { (48...57).contains($0) }
    }

    /// The host without its port, in lower case; for an IPv6 address without the closing bracket.
    package static func name(of authority: some StringProtocol) -> String {
        let text = authority.lowercased()
        if text.hasPrefix("[") { return String(text.prefix { $0 != "]" }) }
        return String(text.prefix { $0 != ":" && $0 != "/" })
    }

    /// The text in lower case, without the port that the scheme implies.
    static func normal(_ authority: some StringProtocol, _ scheme: String) -> String {
        let text = authority.lowercased()
        let port = scheme == "https" ? ":443" : ":80"
        if text.hasSuffix(port) { return String(text.dropLast(port.count)) }
        return text.hasSuffix(":") ? String(text.dropLast()) : text
    }

    /// Whether a name, in the form of ``name(of:)``, means the loopback interface.
    static func isLoopback(_ name: String) -> Bool {
        if name == "localhost" || name == "[::1" { return true }
        return name.hasPrefix("127.") && name.utf8.allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: ".") }
    }
}

/// The absolute form of a request target, which is meant for proxies, but which every server has to understand (RFC
/// 9112 §3.2.2): `http://localhost:8080/rpc/add?args=[1]`.
package struct AbsoluteTarget {
    package let scheme: String
    package let authority: Substring
    /// Path and query; begins with a slash.
    package let rest: String

    /// nil when the target has another form or scheme.
    package init?(_ uri: String) {
        guard !uri.hasPrefix("/"), let mark = uri.firstRange(of: "://") else { return nil }
        scheme = uri[..<mark.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let behind = uri[mark.upperBound...]
        let end = behind.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? behind.endIndex
        authority = behind[..<end]
        let path = behind[end...]
        rest = path.hasPrefix("/") ? String(path) : "/" + path
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    /// Whether RFC 3986 allows the character in a registered name.
    fileprivate var mayBeInHost: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: "-._~%!$&'()*+;=[]:".utf8.contains(self)
        }
    }
}
