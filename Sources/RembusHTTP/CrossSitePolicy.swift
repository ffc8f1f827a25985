import NIOHTTP1
import RembusBroker
import RembusListening

/// Which requests of web pages are accepted (known-defects.md S19).
///
/// A page can make the user's browser send requests to any port that the browser can reach. So requests of pages from
/// other origins are refused, unless their origin is configured. Programs other than browsers send no origin and are
/// not affected.
struct CrossSitePolicy: Sendable {
    enum Verdict {
        /// The request is not from a page of another origin.
        case plain
        /// The request is from a page that may read the answer. The text is the page's origin, or `*`.
        case shared(String)
        case refused(HTTPFailure)

        func write(to headers: inout HTTPHeaders) {
            guard case .shared(let origin) = self else { return }
            headers.add(name: "access-control-allow-origin", value: origin)
            guard origin != "*" else { return }
            headers.add(name: "vary", value: "Origin")
            headers.add(name: "access-control-allow-credentials", value: "true")
            headers.add(name: "access-control-expose-headers", value: "WWW-Authenticate, Retry-After")
        }
    }

    private let shared: OriginPolicy
    private let permitted: OriginPolicy
    private let sharesWithAll: Bool
    /// The host names that a request may contain: those of this machine and of the configured origins. nil for any.
    let hosts: Set<String>?

    init(_ configuration: BrokerConfiguration, isSecure: Bool) {
        let origins = configuration.gateways.corsOrigins
        sharesWithAll = origins.contains("*")
        shared = OriginPolicy(allowed: origins)
        permitted = OriginPolicy(allowed: origins + configuration.security.allowedOrigins)
        let known = (origins + configuration.security.allowedOrigins).compactMap { origin in
            origin.firstRange(of: "://").map { HostName.name(of: origin[$0.upperBound...]) }
        }
        // On the loopback address, any other host name was made to resolve to this machine (DNS rebinding), unless it
        // is configured. With TLS such a name does not match the certificate.
        hosts = configuration.isLocal && !isSecure && !permitted.allowed.contains("*") ? Set(known) : nil
    }

    var isShared: Bool { !shared.allowed.isEmpty }

    func verdict(on head: HTTPRequestHead) -> Verdict {
        let host = head.authority
        if let hosts, let host, !OriginPolicy.isFixed(Substring(host.lowercased())) {
            guard hosts.contains(HostName.name(of: host)) else {
                return .refused(
                    HTTPFailure(
                        .misdirectedRequest,
                        "this broker serves its own machine and is not \(host); the setting allowed_origins lists the names that lead here"
                    ))
            }
        }
        let origins = head.headers["origin"]
        guard let origin = origins.first else {
            // Links, images and forms of pages send no origin, but browsers mark them with this header.
            let site = head.headers.first(name: "sec-fetch-site")
            guard site == "cross-site" || site == "same-site" else { return .plain }
            return .refused(Self.foreign)
        }
        guard permitted.permits(origins: origins, host: host) else { return .refused(Self.foreign) }
        if sharesWithAll { return .shared("*") }
        // Without a host, only configured origins are accepted.
        return shared.permits(origins: origins, host: nil) ? .shared(origin) : .plain
    }

    private static let foreign = HTTPFailure(
        .forbidden,
        "web pages of this origin may not use the broker; the settings cors_origins and allowed_origins list those that may"
    )

    /// The headers of the answer to a preflight request.
    func preflight(_ verdict: Verdict, methods: [HTTPMethod]) -> [(String, String)] {
        guard case .shared(let origin) = verdict else { return [] }
        var fields = ["Content-Type", "Accept", "Last-Event-ID"]
        if origin != "*" { fields.append("Authorization") }
        return [
            ("access-control-allow-methods", methods.map(\.rawValue).joined(separator: ", ")),
            ("access-control-allow-headers", fields.joined(separator: ", ")),
            ("access-control-max-age", "600"),
        ]
    }
}
