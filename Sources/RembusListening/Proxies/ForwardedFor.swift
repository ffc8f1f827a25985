package import NIOCore
package import NIOHTTP1

/// The client of a request according to the proxies on its way, in `X-Forwarded-For` or `Forwarded` (RFC 7239).
///
/// Every proxy appends the address that it got the request from, but anybody can send a header with entries already in
/// it. So entries are read from the end: those that trusted proxies have appended are believed, and the first address
/// that is not a trusted proxy is the client's. Earlier entries are ignored.
package enum ForwardedFor {
    /// What the headers of a trusted proxy's request say about the client.
    package enum Verdict: Equatable {
        /// There are no such headers, or they are empty: the request is the proxy's own, such as a health check.
        case absent
        case client(SocketAddress)
        /// The headers are malformed or contradict each other, for the reason given.
        case unusable(String)
    }

    /// The most entries that are read. No chain of proxies is longer.
    private static let maxEntries = 32

    /// The client of a request that a trusted proxy has sent.
    package static func verdict(_ headers: HTTPHeaders, _ proxies: TrustedProxies) -> Verdict {
        let simple = client(headers["x-forwarded-for"], proxies, { $0.trimmingSpaces })
        let standard = client(headers["forwarded"], proxies, forwardedFor)
        switch (simple, standard) {
        case (.absent, let only), (let only, .absent): return only
        // A proxy that sets one of the two headers passes the other one on as the client has written it.
        case (.client(let one), .client(let other)) where AddressBytes(one) == AddressBytes(other): return simple
        case (.unusable, _): return simple
        case (_, .unusable): return standard
        default:
            return .unusable("X-Forwarded-For and Forwarded name different clients; have the proxy remove one of them")
        }
    }

    private static func client(
        _ lines: [String], _ proxies: TrustedProxies, _ node: (Substring) -> Substring?
    ) -> Verdict {
        // Several headers are one list (RFC 9110 §5.3).
        let entries = lines.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        guard entries.contains(where: { !$0.trimmingSpaces.isEmpty }) else { return .absent }
        var client: SocketAddress?
        for entry in entries.reversed().prefix(maxEntries) {
            guard let text = node(entry), let address = address(text) else {
                // The client behind a proxy that hides it (`unknown`, `_hidden`) is not known, so that proxy counts as
                // the client.
                if let client { return .client(client) }
                return .unusable("the last entry of the header is no address")
            }
            client = address
            guard let bytes = AddressBytes(address), proxies.contains(bytes) else { break }
        }
        return client.map(Verdict.client) ?? .absent
    }

    /// The address in one of the forms `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::1`, `[2001:db8::1]:4711`, also in
    /// quotes.
    static func address(_ text: Substring) -> SocketAddress? {
        var text = text
        if text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") { text = text.dropFirst().dropLast() }
        var port = 0
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let behind = text[text.index(after: end)...]
            text = text[text.index(after: text.startIndex)..<end]
            guard let found = self.port(behind) else { return nil }
            port = found
        } else if let colon = text.firstIndex(of: ":"), colon == text.lastIndex(of: ":") {
            guard let found = self.port(text[colon...]) else { return nil }
            (text, port) = (text[..<colon], found)
        }
        return try? SocketAddress(ipAddress: String(text), port: port)
    }

    /// The port in `:4711`; 0 for an empty text.
    private static func port(_ text: Substring) -> Int? {
        guard !text.isEmpty else { return 0 }
        guard text.hasPrefix(":"), text.dropFirst().utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return UInt16(text.dropFirst()).map(Int.init)
    }

    /// The value of `for` in an element of `Forwarded`: `for="[2001:db8::1]:4711";proto=https`.
    private static func forwardedFor(_ element: Substring) -> Substring? {
        for pair in element.split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            if parts.count == 2, parts[0].trimmingSpaces.lowercased() == "for" { return parts[1].trimmingSpaces }
        }
        return nil
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = self
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
