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
    package func connectElsewhere(host: String, port: Int) async throws(WebSocketDialer.Failure) -> any Channel {
        let channel: any Channel
        do {
            channel = try await connect(host: host, port: port).get()
        } catch {
            throw WebSocketDialer.Failure(description: "cannot connect to \(host):\(port): \(error)")
        }
        guard channel.localAddress == nil || channel.localAddress != channel.remoteAddress else {
            // Reset, as an orderly end would keep the port for another minute.
            let socket = channel as? any SocketOptionProvider
            try? await socket?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
            try? await channel.close()
            throw WebSocketDialer.Failure(description: "cannot connect to \(host):\(port): nothing listens there")
        }
        return channel
    }
}
