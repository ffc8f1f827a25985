/// The web pages that may connect. A browser opens a WebSocket without asking the server first, and states the page in
/// `Origin`. Without this check any page that a user visits could use the broker with the user's access to it (RFC 6455
/// §10.2).
package struct OriginPolicy: Sendable, Equatable {
    /// The origins that may connect, such as `https://panel.example` or `http://localhost:8080`; `*` for all.
    package var allowed: [String]

    package init(allowed: [String] = []) {
        self.allowed = allowed
    }

    /// Whether a request may connect. Clients other than browsers send no origin and may connect, and so may pages from
    /// the broker's own host and port.
    ///
    /// - Parameters:
    ///   - origins: Every `Origin` header of the request.
    ///   - host: The `Host` header of the request.
    package func permits(origins: [String], host: String?) -> Bool {
        guard let origin = origins.first else { return true }
        if allowed.contains("*") { return true }
        guard origins.count == 1 else { return false }
        let wanted = Self.normal(origin)
        if allowed.contains(where: { Self.normal($0) == wanted }) { return true }
        guard let host, let mark = wanted.firstRange(of: "://") else { return false }
        let scheme = wanted[..<mark.lowerBound]
        guard wanted == Self.normal("\(scheme)://\(host)") else { return false }
        // A host name can be made to lead to another machine after its page was loaded (DNS rebinding), and then looks
        // like the broker's own. An address cannot, and with TLS such a name does not match the broker's certificate.
        return scheme == "https" || Self.isFixed(wanted[mark.upperBound...])
    }

    /// Whether an authority such as `127.0.0.1:8338` is an address rather than a name.
    package static func isFixed(_ authority: Substring) -> Bool {
        if authority.hasPrefix("[") { return true }
        let host = authority.prefix { $0 != ":" }
        return host == "localhost" || host.utf8.allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: ".") }
    }

    /// The origin in lower case, without the port that the scheme implies and without a slash at the end.
    private static func normal(_ origin: String) -> String {
        var text = Substring(origin.lowercased())
        while text.hasSuffix("/") { text.removeLast() }
        for (scheme, port) in [("http://", ":80"), ("https://", ":443")]
        where text.hasPrefix(scheme) && text.hasSuffix(port) {
            text.removeLast(port.count)
        }
        return String(text)
    }
}
