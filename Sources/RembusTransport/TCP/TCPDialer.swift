package import NIOCore
import NIOPosix

/// Opens connections that carry length-framed CBOR, over TCP or TLS (protocol.md §11), and puts a `Link` on each.
package enum TCPDialer {
    /// Connects. `makeLink` is called on `eventLoop`, which the link then lives on. The link must use the configuration
    /// that it gets.
    ///
    /// With `tls` the connection is encrypted. Throws ``ConnectFailure``, or ``TLSFailure`` when files of `tls` cannot
    /// be used.
    package static func connect(
        host: String, port: Int, tls: TLSClientContext? = nil, on eventLoop: any EventLoop,
        configuration: LinkConfiguration, makeLink: @escaping @Sendable (any Channel, LinkConfiguration) -> Link
    ) async throws -> any Channel {
        var framed = configuration
        framed.framing = .lengthPrefixed
        return try await open(
            host: host, port: port, tls: tls, on: eventLoop, timeout: configuration.handshakeTimeout
        ) { [framed] channel in
            try channel.install(makeLink(channel, framed), isEncrypted: tls != nil)
        }
    }

    /// Connects, and calls `install` to add the handlers: at once, or after the handshake of TLS.
    package static func open(
        host: String, port: Int, tls: TLSClientContext?, on eventLoop: any EventLoop, timeout: TimeAmount,
        install: @escaping @Sendable (any Channel) throws -> Void
    ) async throws -> any Channel {
        let target = try tls?.target(host: host)
        let done = eventLoop.makePromise(of: Void.self)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .connectTimeout(timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try prepare(channel, target, peer: DialedPlace.text(host, port), done, install: install)
                }
            }
        let channel: any Channel
        do {
            channel = try await bootstrap.connectElsewhere(host: host, port: port)
        } catch {
            done.fail(error)
            throw error
        }
        let deadline = eventLoop.scheduleTask(in: timeout) {
            done.fail(ConnectFailure(DialedPlace.text(host, port), "it did not finish the TLS handshake in time"))
        }
        defer { deadline.cancel() }
        do {
            try await done.futureResult.get()
            return channel
        } catch {
            channel.close(promise: nil)
            throw error
        }
    }

    private static func prepare(
        _ channel: any Channel, _ target: TLSTarget?, peer: String, _ done: EventLoopPromise<Void>,
        install: @escaping (any Channel) throws -> Void
    ) throws {
        guard let target else {
            try install(channel)
            return done.succeed()
        }
        let encryption = try target.makeEncryption()
        try encryption.install(on: channel)
        try channel.pipeline.syncOperations.addHandler(
            TLSHandshakeEnd { channel in
                try encryption.checkPeer()
                try install(channel)
                done.succeed()
            } onFailure: { error in
                done.fail(ConnectFailure(insecure: peer, encryption.failure(error)))
            })
    }
}
