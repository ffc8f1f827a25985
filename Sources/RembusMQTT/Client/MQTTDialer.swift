package import NIOCore
package import RembusTransport

/// Opens connections to MQTT servers.
package struct MQTTDialer: Sendable {
    package var host: String
    package var port: Int
    /// The TLS context; nil for connections without encryption.
    package var tls: TLSClientContext?
    package var options: MQTTClientOptions

    package init(host: String, port: Int, tls: TLSClientContext?, options: MQTTClientOptions) {
        self.host = host
        self.port = port
        self.tls = tls
        self.options = options
    }

    /// The failure for a socket that could not be opened or encrypted.
    private func unreachable(_ error: any Error) -> MQTTClientFailure {
        if let failure = error as? TLSFailure { return MQTTClientFailure(.unreachable, failure.description) }
        return MQTTClientFailure(.unreachable, ConnectFailure(DialedPlace.text(host, port), error))
    }

    /// Makes the handler of a connection. Called on the event loop.
    package typealias MakeConnection =
        @Sendable (MQTTClientOptions, MQTTVersion, EventLoopPromise<MQTTServerFacts>) -> MQTTClientConnection

    /// Connects and sends CONNECT; with MQTT 3.1.1 if the server does not support MQTT 5.
    package func connect(
        on eventLoop: any EventLoop, first: MQTTVersion = .v5, makeConnection: @escaping MakeConnection
    ) async throws(MQTTClientFailure) -> (channel: any Channel, facts: MQTTServerFacts) {
        do {
            return try await open(first, on: eventLoop, makeConnection)
        } catch {
            guard first == .v5, error.calls311 else { throw error }
            do {
                return try await open(.v311, on: eventLoop, makeConnection)
            } catch let second {
                // If the server closes both connections, the error of the first one tells more.
                throw second.calls311 ? error : second
            }
        }
    }

    private func open(
        _ version: MQTTVersion, on eventLoop: any EventLoop, _ makeConnection: @escaping MakeConnection
    ) async throws(MQTTClientFailure) -> (channel: any Channel, facts: MQTTServerFacts) {
        let (options, answer) = (options, eventLoop.makePromise(of: MQTTServerFacts.self))
        let channel: any Channel
        do {
            channel = try await TCPDialer.open(
                host: host, port: port, tls: tls, on: eventLoop, timeout: options.timeout
            ) { channel in
                try channel.syncOptions?.setOption(
                    .writeBufferWaterMark, value: .init(low: 256 << 10, high: 1 << 20))
                try channel.pipeline.syncOperations.addHandler(makeConnection(options, version, answer))
            }
        } catch {
            answer.fail(error)
            throw unreachable(error)
        }
        do {
            return (channel, try await answer.futureResult.get())
        } catch {
            channel.close(promise: nil)
            throw error as? MQTTClientFailure ?? unreachable(error)
        }
    }
}
