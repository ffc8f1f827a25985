package import NIOCore
package import NIOPosix

extension ServerBootstrap {
    /// What all listeners have in common.
    package static func forLinks(group: any EventLoopGroup, admission: ConnectionAdmission?) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptFailureHandler(admission))
                    // Without it an accept that fails for want of descriptors is tried again at once, for ever.
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptBackoffHandler(shouldForwardIOErrorCaught: false))
                    guard let admission else { return }
                    try channel.pipeline.syncOperations.addHandler(AdmissionHandler(admission))
                }
            }
    }

    /// Starts to listen on a port or a Unix socket, whose file goes when the channel closes.
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
