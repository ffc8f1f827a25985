#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
package import NIOCore
package import NIOPosix

extension ClientBootstrap {
    /// Connects to a listener.
    ///
    /// With TCP, a connection to a local port can be connected to itself, when the system happens to give it that very
    /// port as its own. A client that tries again and again would in the end talk to itself, and block the port that
    /// its broker needs. So such a connection is refused.
    ///
    /// - Parameter host: A name, an address, or the path of a Unix socket, which begins with a slash.
    package func connectElsewhere(host: String, port: Int) async throws(ConnectFailure) -> any Channel {
        let channel: any Channel
        do {
            guard !host.hasPrefix("/") else {
                return try await connect(unixDomainSocketPath: host).get()
            }
            channel = try await channelOption(.tcpOption(.tcp_nodelay), value: 1).connect(host: host, port: port).get()
        } catch {
            throw ConnectFailure(DialedPlace.text(host, port), error)
        }
        guard channel.localAddress == nil || channel.localAddress != channel.remoteAddress else {
            // The connection is reset, because an orderly end would block the port for another minute.
            let socket = channel as? any SocketOptionProvider
            try? await socket?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
            try? await channel.close()
            throw ConnectFailure("\(host):\(port)", "connection refused", kind: .refused)
        }
        return channel
    }
}
