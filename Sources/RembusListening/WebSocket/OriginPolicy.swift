/// Which web pages may connect. Browsers say in `Origin` what page opens a WebSocket and do not ask the server first,
/// so without this check any page that a user visits could use the broker as that user can reach it (RFC 6455 §10.2).
package struct OriginPolicy: Sendable, Equatable {
    /// Origins that may connect, such as `https://panel.example` or `http://localhost:8080`; `*` lets every page in.
    package var allowed: [String]

    package init(allowed: [String] = []) {
        self.allowed = allowed
    }

    /// Clients that are no browsers send no origin and may connect, and so may pages from the broker's own host and
    /// port.
    ///
    /// - Parameters:
    ///   - origins: every `Origin` header of the request.
    ///   - host: the `Host` header of the request.
    package func permits(origins: [String], host: String?) -> Bool {
        guard let origin = origins.first else { return true }
        if allowed.contains("*") { return true }
        guard origins.count == 1 else { return false }
        let wanted = Self.normal(origin)
        if allowed.contains(where: { Self.normal($0) == wanted }) { return true }
        guard let host, let mark = wanted.firstRange(of: "://") else { return false }
        let scheme = wanted[..<mark.lowerBound]
        guard wanted == Self.normal("\(scheme)://\(host)") else { return false }
        // A name can be made to lead to another machine after its page was loaded (DNS rebinding), and then looks like
        // the broker's own. Numbers cannot, and with TLS the broker's certificate gives such a name away.
        return scheme == "https" || Self.isFixed(wanted[mark.upperBound...])
    }

    /// Whether an authority such as `127.0.0.1:8338` is an address and not a name that has to be looked up.
    package static func isFixed(_ authority: Substring) -> Bool {
        if authority.hasPrefix("[") { return true }
        let host = authority.prefix { $0 != ":" }
        return host == "localhost" || host.utf8.allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: ".") }
    }

    /// Lower case, without the port that the scheme implies and without a slash at the end.
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
