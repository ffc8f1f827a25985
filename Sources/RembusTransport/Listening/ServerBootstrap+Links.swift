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

extension Channel {
    /// Buffer sizes of a connection that carries messages; set after the handshake, so that connections which never
    /// get that far stay small.
    ///
    /// - Parameter memory: What is received into, for connections whose handler gives each buffer back; nil for a buffer
    ///   of their own, which follows the traffic: an idle connection keeps a small one.
    package func setUpForLink(receivingInto memory: ReceiveMemory? = nil) throws {
        if let memory {
            try syncOptions?.setOption(.recvAllocator, value: SharedReceiveAllocator(memory, eventLoop: eventLoop))
            try syncOptions?.setOption(.maxMessagesPerRead, value: 1)
        } else {
            try syncOptions?.setOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 2048, maximum: 256 << 10))
        }
        // What waits here is out of the reach of every policy: enough to keep the socket busy, and no more.
        try syncOptions?.setOption(
            .writeBufferWaterMark, value: .init(low: 128 << 10, high: 512 << 10))
    }

    /// Puts a link on a connection whose handshakes are done.
    func install(_ link: Link, isEncrypted: Bool) throws {
        // What TLS hands over has left the memory that was received into.
        try setUpForLink(receivingInto: isEncrypted ? nil : link.group.receiveMemory)
        try pipeline.syncOperations.addHandler(link)
    }
}
