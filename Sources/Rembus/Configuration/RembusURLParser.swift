/// Parses URLs in the forms of behaviour.md §3.
struct RembusURLParser {
    let text: String
    let base: RembusURL

    /// The suffix of the protocol in the URL of a Unix socket.
    private static let unixMark = "+unix"
    /// The name with which Python programs ask for an anonymous component.
    private static let noName = "__noname__"

    func parse() throws(RembusError) -> RembusURL {
        guard let mark = text.firstRange(of: "://") else { return try parseName() }
        let schemeText = String(text[..<mark.lowerBound])
        if schemeText.lowercased().hasSuffix(Self.unixMark) {
            return try parseSocket(schemeText.dropLast(Self.unixMark.count), text[mark.upperBound...])
        }
        if schemeText == "repl" {
            throw failure("names the broker itself; a component needs a broker to connect to")
        }
        let scheme = try scheme(schemeText)
        let rest = text[mark.upperBound...].prefix { $0 != "?" && $0 != "#" }
        let authority = rest.prefix { $0 != "/" }
        let (host, port) = try parseAuthority(authority)
        return RembusURL(
            scheme: scheme, host: host ?? base.host, port: port ?? defaultPort(scheme),
            name: try checkedName(rest.dropFirst(authority.count)))
    }

    private func scheme(_ name: some StringProtocol) throws(RembusError) -> RembusURL.Scheme {
        guard let scheme = RembusURL.Scheme(rawValue: name.lowercased()) else {
            let known = RembusURL.Scheme.allCases.map(\.rawValue).joined(separator: ", ")
            throw failure("has the unknown protocol \(name); known are \(known)")
        }
        return scheme
    }

    /// Parses `ws+unix:///run/rembus.sock`, and with a name `ws+unix:///run/rembus.sock:/pump7`. A path may contain any
    /// character, but `:/` in one is unlikely.
    private func parseSocket(_ schemeText: Substring, _ rest: Substring) throws(RembusError) -> RembusURL {
        let scheme = try scheme(schemeText)
        let end = rest.firstRange(of: ":/")
        let path = rest[..<(end?.lowerBound ?? rest.endIndex)]
        guard path.hasPrefix("/"), path.count > 1 else {
            throw failure("has no path of a socket; write \(scheme.rawValue)+unix:///run/rembus.sock")
        }
        guard path.utf8.count <= 107, !path.utf8.contains(0) else {
            throw failure("has the path of a socket with more than 107 bytes, or with a zero byte")
        }
        let name = end.map { rest[rest.index(before: $0.upperBound)...] } ?? ""
        return RembusURL(scheme: scheme, host: String(path), port: 0, name: try checkedName(name[...]))
    }

    /// A text without a protocol is a name, unless it looks like `host:port`.
    private func parseName() throws(RembusError) -> RembusURL {
        var result = base
        result.name = nil
        if text.isEmpty { throw failure("is empty; give a name or a URL such as ws://localhost:8338/name") }
        if text == Self.noName { return result }
        let path = text.prefix { $0 != "?" && $0 != "#" }
        if path.prefix(while: { $0 != "/" }).contains(":") {
            throw failure("lacks the protocol; write ws://\(text)")
        }
        result.name = try checkedName("/" + path)
        return result
    }

    private func parseAuthority(_ authority: Substring) throws(RembusError) -> (host: String?, port: Int?) {
        var host = authority
        var portText: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw failure("has an IPv6 address without `]`") }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let behind = authority[authority.index(after: end)...]
            guard behind.isEmpty || behind.hasPrefix(":") else { throw failure("has text between `]` and the port") }
            portText = behind.isEmpty ? nil : behind.dropFirst()
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            portText = authority[authority.index(after: colon)...]
        }
        let isPlain = host.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "@" && $0 != "%" && $0 != "\u{7F}" }
        guard isPlain else { throw failure("has the invalid host \(host)") }
        guard let portText, !portText.isEmpty else { return (host.isEmpty ? nil : String(host), nil) }
        guard portText.allSatisfy({ $0.isASCII && $0.isNumber }), let port = Int(portText), (1...65535).contains(port)
        else { throw failure("has the invalid port \(portText); ports are 1 to 65535") }
        return (host.isEmpty ? nil : String(host), port)
    }

    /// The port of the base URL belongs to its protocol, with or without TLS. Every other protocol has a standard port.
    private func defaultPort(_ scheme: RembusURL.Scheme) -> Int {
        let standard = Self.standardPort(scheme)
        return standard == Self.standardPort(base.scheme) ? base.port : standard
    }

    /// The ports in the examples of `rembus broker`; those of MQTT are registered.
    private static func standardPort(_ scheme: RembusURL.Scheme) -> Int {
        switch scheme {
        case .ws, .wss: 8338
        case .tcp, .tls: 8339
        case .zmq: 8340
        case .mqtt: 1883
        case .mqtts: 8883
        }
    }

    /// The name in a path; nil when the path is empty. It follows the rules of behaviour.md §2.
    private func checkedName(_ path: Substring) throws(RembusError) -> String? {
        var name = path.dropFirst()
        if name.hasPrefix("/") { throw failure("has a name that starts with `/`") }
        while name.hasSuffix("/") { name.removeLast() }
        if name.isEmpty || name == Self.noName { return nil }
        if name.utf8.count > 255 { throw failure("has a name of more than 255 bytes") }
        if name == "repl" || name == "__repl__" { throw failure("has the reserved name \(name)") }
        if name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            throw failure("has a control character in the name")
        }
        if name.split(separator: "/").contains("..") { throw failure("has a `..` in the name") }
        return String(name)
    }

    private func checkedName(_ path: String) throws(RembusError) -> String? { try checkedName(path[...]) }

    private func failure(_ problem: String) -> RembusError {
        RembusError(.invalidURL, "The URL `\(text)` \(problem).")
    }
}
