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
    func permits(origins: [String], host: String?) -> Bool {
        guard let origin = origins.first else { return true }
        if allowed.contains("*") { return true }
        guard origins.count == 1 else { return false }
        let wanted = Self.normal(origin)
        if allowed.contains(where: { Self.normal($0) == wanted }) { return true }
        guard let host, let mark = wanted.firstRange(of: "://") else { return false }
        let scheme = wanted[..<mark.lowerBound]
        return wanted == Self.normal("\(scheme)://\(host)")
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
