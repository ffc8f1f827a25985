package import Logging
import NIOCore
package import NIOHTTP1
package import RembusTransport
import Synchronization

/// How the listeners of a broker treat new connections. The policy may be replaced while they listen; open connections
/// keep the old one.
package final class ListenerPolicy: Sendable {
    private struct Values {
        var origins: OriginPolicy
        var link: LinkConfiguration
        var proxies: TrustedProxies
        var warnings: [Warning: LineBudget] = [:]
    }

    /// Warnings that peers can cause. The number of lines is limited for each kind.
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

    /// The web pages that may connect.
    package var origins: OriginPolicy { values.withLock { $0.origins } }
    /// The limits and intervals of a connection. Its `handshakeTimeout` is from the accept to the end of the
    /// handshakes.
    package var link: LinkConfiguration { values.withLock { $0.link } }
    /// The proxies that are trusted to state a client's address.
    package var proxies: TrustedProxies { values.withLock { $0.proxies } }

    /// Increases with each ``replace(origins:link:proxies:)``.
    package var version: Int { replacements.load(ordering: .acquiring) }

    package func replace(origins: OriginPolicy, link: LinkConfiguration, proxies: TrustedProxies) {
        values.withLock {
            $0.origins = origins
            $0.link = link
            $0.proxies = proxies
        }
        replacements.wrappingAdd(1, ordering: .releasing)
    }

    /// The client that sent a request over a connection of `peer`. Headers count only if the peer is a trusted proxy.
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

    /// Logs a warning that peers can cause, at most a few times per minute.
    func warn(_ kind: Warning, _ text: @autoclosure () -> String) {
        guard let skipped = values.withLock({ $0.warnings[kind, default: LineBudget()].take(.now()) }) else { return }
        logger?.warning("\(text())\(skipped > 0 ? " (\(skipped) such lines were left out)" : "")")
    }
}

/// Limits log lines per minute.
private struct LineBudget {
    private static let linesPerMinute = 6
    private var minute = NIODeadline.uptimeNanoseconds(0)
    private var used = 0
    private var skipped = 0

    /// The number of lines that were left out since the last one; nil when this line is to be left out too.
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
