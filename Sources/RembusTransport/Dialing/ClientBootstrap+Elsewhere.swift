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
    /// Connects to something that listens.
    ///
    /// TCP lets a connection to a local port meet itself when the system happens to give it that very port: a client
    /// that tries again and again would in the end talk to itself, and hold the port that its broker waits for.
    ///
    /// - Parameter host: a name, an address, or the path of a Unix socket, which begins with a slash.
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
            // Reset, as an orderly end would keep the port for another minute.
            let socket = channel as? any SocketOptionProvider
            try? await socket?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
            try? await channel.close()
            throw ConnectFailure("\(host):\(port)", "connection refused", kind: .refused)
        }
        return channel
    }
}
