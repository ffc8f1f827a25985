package import NIOHTTP1

/// Why an HTTP request is refused whatever it asks for, with its status.
package struct HTTPObjection: Error, Equatable {
    package let status: HTTPResponseStatus
    /// A sentence for the client.
    package let text: String

    package init(_ status: HTTPResponseStatus, _ text: String) {
        self.status = status
        self.text = text
    }
}

extension HTTPRequestHead {
    /// Why every HTTP listener refuses this request (RFC 9112 §3.2, §6.1; RFC 9110 §7.4, §9.1); nil for a good request.
    ///
    /// - Parameter hosts: The host names of this listener; nil when they are not known.
    package func objection(hosts: Set<String>? = nil) -> HTTPObjection? {
        guard version.major == 1 else {
            return HTTPObjection(.httpVersionNotSupported, "this listener speaks HTTP/1.1 and HTTP/1.0")
        }
        guard HTTPMethod.standard.contains(method) else { return .unknownMethod(method.rawValue) }
        return hostObjection(hosts) ?? codingObjection
    }

    /// The host and port that the request is for: those of an absolute target, otherwise those of the header `Host`.
    package var authority: String? {
        AbsoluteTarget(uri).map { String($0.authority) } ?? headers.first(name: "host")
    }

    private func hostObjection(_ hosts: Set<String>?) -> HTTPObjection? {
        let given = headers["host"]
        guard given.count <= 1 else {
            return HTTPObjection(.badRequest, "the request has \(given.count) Host headers; send one")
        }
        if let host = given.first, !HostName.isAuthority(host) {
            return HTTPObjection(.badRequest, "the Host header is no host name with an optional port")
        }
        guard !given.isEmpty || version.minor == 0 else {
            return HTTPObjection(.badRequest, "HTTP/1.1 needs a Host header")
        }
        guard !uri.hasPrefix("/") else { return nil }
        if uri == "*" {
            return method == .OPTIONS ? nil : HTTPObjection(.badRequest, "the target `*` is for OPTIONS only")
        }
        // CONNECT names a host and a port, and is refused as a method.
        guard method != .CONNECT else { return nil }
        guard let target = AbsoluteTarget(uri), HostName.isAuthority(String(target.authority)) else {
            return HTTPObjection(.badRequest, "the request's target is neither a path nor an http:// URL")
        }
        if let host = given.first,
            HostName.normal(host, target.scheme) != HostName.normal(target.authority, target.scheme)
        {
            return HTTPObjection(.badRequest, "the Host header and the request's target name different hosts")
        }
        let name = HostName.name(of: target.authority)
        guard let hosts, !HostName.isLoopback(name), !hosts.contains(name) else { return nil }
        return HTTPObjection(
            .misdirectedRequest, "this listener serves its own machine and is not \(target.authority); it is no proxy")
    }

    /// Bodies may be chunked, but have no other coding. If two headers describe the end of a body, a proxy in front
    /// could read it differently, and a request could be hidden in it.
    private var codingObjection: HTTPObjection? {
        let codings = headers[canonicalForm: "transfer-encoding"].map { $0.lowercased() }
        guard !codings.isEmpty else { return nil }
        guard version.minor > 0 else {
            return HTTPObjection(.badRequest, "HTTP/1.0 has no Transfer-Encoding; send a Content-Length")
        }
        guard !headers.contains(name: "content-length") else {
            return HTTPObjection(.badRequest, "the request has both Transfer-Encoding and Content-Length")
        }
        if let other = codings.first(where: { $0 != "chunked" }) {
            return HTTPObjection(
                .notImplemented, "the transfer coding \(other) is not implemented; send the body chunked")
        }
        return codings.count == 1 ? nil : HTTPObjection(.badRequest, "the body is chunked more than once")
    }
}

extension HTTPObjection {
    package static func unknownMethod(_ name: String) -> HTTPObjection {
        let shown = String(decoding: name.utf8.prefix(40), as: UTF8.self)
        return HTTPObjection(.notImplemented, "the method \(shown) is not implemented")
    }
}

extension HTTPMethod {
    /// The methods of RFC 9110 and RFC 5789. Others are not implemented, whatever the path.
    fileprivate static let standard: [HTTPMethod] = [
        .GET, .HEAD, .POST, .PUT, .DELETE, .PATCH, .OPTIONS, .TRACE, .CONNECT,
    ]
}
