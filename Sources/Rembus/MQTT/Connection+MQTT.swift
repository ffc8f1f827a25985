import Logging
import NIOCore
import RembusIdentity
import RembusMQTT
import RembusTransport

/// Connections to an MQTT server instead of a broker, with `mqtt://` and `mqtts://`.
extension Connection {
    /// Connects. The component's name is the client identifier and the user name, its shared secret the password.
    func dialMQTT(
        _ credential: FoundCredential, _ carrier: NIOLoopBoundBox<MQTTCarrier?>, tls: TLSClientContext?,
        on eventLoop: any EventLoop, _ configuration: LinkConfiguration,
        makeLink: @escaping @Sendable (LinkConfiguration, (any LinkSink)?) -> Link
    ) async throws(RembusError) -> DialedConnection {
        let isAuthenticated = settings.isAuthenticated
        let options = try mqttOptions(credential, configuration)
        let (logger, isReadableByOthers) = (logger, url.isReadableByOthers)
        let dialer = MQTTDialer(host: url.host, port: url.port, tls: tls, options: options)
        do {
            let (channel, _) = try await dialer.connect(on: eventLoop) { options, version, answer in
                var options = options
                let current: MQTTCarrier
                if let known = carrier.value {
                    current = known
                    // The first connection does not resume a session that an earlier program has left on the server.
                    options.cleanStart = current.mqtt.facts == nil
                } else {
                    current = MQTTCarrier(eventLoop: eventLoop, logger: logger, challenges: isAuthenticated)
                    carrier.value = current
                    if options.password != nil, isReadableByOthers {
                        logger.warning("the component's secret goes over the network unencrypted; use mqtts://")
                    }
                }
                current.makeLink = { makeLink(configuration, $0) }
                return MQTTClientConnection(
                    session: current.mqtt, options: options, version: version, delegate: current, answer: answer)
            }
            return DialedConnection(channel)
        } catch {
            throw mqttError(error, hasPassword: options.password != nil)
        }
    }

    private func mqttOptions(
        _ credential: FoundCredential, _ configuration: LinkConfiguration
    ) throws(RembusError) -> MQTTClientOptions {
        var options = MQTTClientOptions(clientID: url.name ?? "")
        options.maxPacketBytes = configuration.maxMessageBytes
        options.timeout = configuration.handshakeTimeout
        options.keepAlive = UInt16(clamping: Int(settings.pingInterval.components.seconds))
        guard let name = url.name else { return options }
        options.userName = name
        options.sessionExpiry = 3600
        switch credential.result {
        case .success(.sharedSecret(let secret)?): options.password = Array(secret.utf8)
        // A key pair cannot be used with an MQTT server. A server that asks for no password needs none.
        case .success: break
        case .failure(let error): throw RembusError(.keyFile, error.message)
        }
        return options
    }

    private func mqttError(_ failure: MQTTClientFailure, hasPassword: Bool) -> RembusError {
        let place = DialedPlace.text(url.host, url.port)
        guard case .refused(let reason) = failure.kind else {
            let text =
                failure.connecting?.sentence(self.place, server: "an MQTT server", start: nil)
                ?? "Cannot connect to \(self.place): \(failure)."
            return RembusError(.connectionDown, text)
        }
        switch reason {
        case .badUserNameOrPassword, .notAuthorized, .banned, .badAuthenticationMethod:
            if hasPassword {
                return RembusError(
                    .authenticationFailed,
                    "The MQTT server at \(place) does not accept the shared secret of \(url.name ?? "") as the password (\(reason)). Check the secret."
                )
            }
            return RembusError(
                .authenticationRequired,
                "The MQTT server at \(place) refuses the connection (\(reason)). It may want a user name and a password: the component's name and its shared secret."
            )
        case .clientIdentifierNotValid:
            return RembusError(
                .loginRefused,
                "The MQTT server at \(place) does not accept the client identifier \(url.name ?? "that it has to choose itself"). Choose another name."
            )
        case .unsupportedProtocolVersion:
            return RembusError(
                .unsupported, "The MQTT server at \(place) speaks neither MQTT 5 nor MQTT 3.1.1. Use another server.")
        default:
            return RembusError(.connectionDown, "The MQTT server at \(place) refuses the connection (\(reason)).")
        }
    }
}
