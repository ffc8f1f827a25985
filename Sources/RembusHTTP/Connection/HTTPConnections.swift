import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import RembusBroker
import RembusListening

/// Adds the handlers to connections that Hummingbird's server has accepted.
struct HTTPConnections: ServerChildChannel {
    let environment: HTTPEnvironment

    /// The end of a connection, which the server waits for.
    struct Value: ServerChildChannelValue {
        let channel: any Channel
    }

    private static let maxHeaderBytes = 32 << 10

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try prepare(channel, environment.pool(of: channel.eventLoop))
            return Value(channel: channel)
        }
    }

    func handle(value: Value, logger: Logger) async {
        try? await value.channel.closeFuture.get()
    }

    /// Puts the handlers on a connection whose requests the identities of `pool` send; without a pool it is closed.
    func prepare(_ channel: any Channel, _ pool: IdentityPool?) throws {
        let admission = environment.host.admission
        guard let pool, case .success(let ticket) = admission.admit(channel.remoteAddress) else {
            return channel.close(promise: nil)
        }
        channel.closeFuture.whenComplete { _ in admission.release(ticket) }
        environment.host.opened(channel)
        if channel.remoteAddress?.ipAddress != nil {
            try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
        }
        try channel.whenPeerIsKnown(environment.host.listening, admission: admission) { try prepare(channel, pool, $0) }
    }

    private func prepare(_ channel: any Channel, _ pool: IdentityPool, _ peer: PeerAddress) throws {
        let pipeline = channel.pipeline.syncOperations
        let watch = ConnectionWatch(
            expectsTLS: environment.isSecure, limits: ConnectionWatch.TimeLimits(environment.host.configuration))
        try pipeline.addHandler(watch)
        let encryption = environment.host.certificates.map { NIOSSLServerHandler(context: $0.current) }
        if let encryption { try pipeline.addHandler(encryption) }
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = Self.maxHeaderBytes
        limits.maxHeaderListSize = Self.maxHeaderBytes
        let bytes = RequestBytes()
        try pipeline.addHandler(bytes)
        // Pipelined requests wait in our own handler, which also answers requests that cannot be parsed.
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
            withEncoderConfiguration: .init(), withDecoderLimitConfiguration: limits)
        try pipeline.addHandler(
            HTTPRequestHandler(
                environment: environment, pool: pool, watch: watch, bytes: bytes, encryption: encryption, peer: peer))
    }
}
