package import NIOCore
package import NIOPosix

extension ServerBootstrap {
    /// The part of the set-up that all listeners share.
    package static func forLinks(group: any EventLoopGroup, admission: ConnectionAdmission?) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptFailureHandler(admission))
                    // Without this handler, an accept that fails for want of descriptors is repeated at once, without
                    // end.
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptBackoffHandler(shouldForwardIOErrorCaught: false))
                    guard let admission else { return }
                    try channel.pipeline.syncOperations.addHandler(AdmissionHandler(admission))
                }
            }
    }

    /// Starts to listen on a port or a Unix socket. The socket's file is removed when the channel closes.
    package func bind(to address: ListenAddress) async throws -> any Channel {
        switch address {
        case .port(let host, let port):
            return try await childChannelOption(.tcpOption(.tcp_nodelay), value: 1).bind(host: host, port: port).get()
        case .socket(let path, let mode):
            let (channel, file) = try await UnixSocketFile.make(path, mode: mode) { work in
                try await bind(unixDomainSocketPath: work).get()
            }
            channel.closeFuture.whenComplete { _ in file.remove() }
            return channel
        }
    }
}
