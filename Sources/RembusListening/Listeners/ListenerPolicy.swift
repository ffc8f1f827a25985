package import Logging
import NIOCore
package import NIOHTTP1
package import RembusTransport
import Synchronization

/// What the listeners of a broker do with new connections. It may be replaced while they listen: connections that are open
/// keep what they began with.
package final class ListenerPolicy: Sendable {
    private struct Values {
        var origins: OriginPolicy
        var link: LinkConfiguration
        var proxies: TrustedProxies
        var warnings: [Warning: LineBudget] = [:]
    }

    /// Warnings that peers can cause; each kind has its own limit of lines.
    enum Warning {
        case malformedHeader
        case unusableForwarding
    }

    private let values: Mutex<Values>
    private let logger: Logger?
    private let replacements = Atomic<Int>(0)

    package init(
        origins: OriginPolicy = OriginPolicy(), link: LinkConfiguration, proxies: TrustedProxies = .none,
        logger: Logger? = nil
    ) {
        values = Mutex(Values(origins: origins, link: link, proxies: proxies))
        self.logger = logger
    }

    /// Which web pages may connect.
    package var origins: OriginPolicy { values.withLock { $0.origins } }
    /// Limits and intervals of a connection. Its `handshakeTimeout` runs from the accept to the end of the handshakes.
    package var link: LinkConfiguration { values.withLock { $0.link } }
    /// Proxies whose word about the client's address is trusted.
    package var proxies: TrustedProxies { values.withLock { $0.proxies } }

    /// Rises with each ``replace(origins:link:proxies:)``.
    package var version: Int { replacements.load(ordering: .acquiring) }

    package func replace(origins: OriginPolicy, link: LinkConfiguration, proxies: TrustedProxies) {
        values.withLock {
            $0.origins = origins
            $0.link = link
            $0.proxies = proxies
        }
        replacements.wrappingAdd(1, ordering: .releasing)
    }

    /// Whom a request is from that came over a connection of `peer`: of the headers only what a trusted proxy says counts.
    package func client(of headers: HTTPHeaders, over peer: PeerAddress) -> PeerAddress {
        guard peer.isProxy else { return peer }
        switch ForwardedFor.verdict(headers, proxies) {
        case .absent: return peer
        case .client(let address): return PeerAddress(address)
        case .unusable(let reason):
            warn(
                .unusableForwarding,
                "a request of the proxy \(peer.address?.ipAddress ?? "local") counts as its own: \(reason)")
            return peer
        }
    }

    /// Writes a line that peers can cause, a few times per minute at most.
    func warn(_ kind: Warning, _ text: @autoclosure () -> String) {
        guard let skipped = values.withLock({ $0.warnings[kind, default: LineBudget()].take(.now()) }) else { return }
        logger?.warning("\(text())\(skipped > 0 ? " (\(skipped) such lines were left out)" : "")")
    }
}

/// A limit on log lines per minute.
private struct LineBudget {
    private static let linesPerMinute = 6
    private var minute = NIODeadline.uptimeNanoseconds(0)
    private var used = 0
    private var skipped = 0

    /// How many lines were left out since the last one; nil when this one is to be left out.
    mutating func take(_ now: NIODeadline) -> Int? {
        if now >= minute + .minutes(1) { (minute, used) = (now, 0) }
        guard used < Self.linesPerMinute else {
            skipped += 1
            return nil
        }
        used += 1
        defer { skipped = 0 }
        return skipped
    }
}
