import Logging
import NIOCore
import RembusBroker
import RembusMQTT
import RembusSupport
import RembusTransport

/// The end of the connection, by either side.
extension MQTTConnection {
    /// Ends the connection because the client broke the protocol. The client is told why, as far as its version allows.
    func refuse(_ error: MQTTProtocolError) {
        server.host.countMalformed()
        if phase == .waiting {
            let answersWithReason =
                version == .v5 || error.reason == .unsupportedProtocolVersion
                || error.reason == .clientIdentifierNotValid
            if answersWithReason, error.reason != .packetTooLarge {
                send(.connack(sessionPresent: false, reason: error.reason, properties: MQTTProperties()))
            }
            return end(nil, error.description)
        }
        logger.warning("closing \(label): \(error)")
        end(error.reason, error.description)
    }

    /// Ends the connection by this side. Clients of MQTT 5 get `reason`.
    func end(_ reason: MQTTReason?, _ text: String) {
        guard phase != .closed else { return }
        logger.debug("closing \(label): \(text)")
        let isTold = phase == .open && version == .v5 && reason != nil
        leave(isWillDue: reason != .serverShuttingDown)
        if isTold, let reason { send(.disconnect(reason: reason, properties: MQTTProperties())) }
        hangUp(lingers: isTold)
    }

    /// Closes the channel when all collected bytes are written.
    ///
    /// - Parameter lingers: Whether to wait a moment for the client to close. If the client is still sending, closing
    ///   at once would reset the connection, and the last packet could be lost.
    func hangUp(lingers: Bool = false) {
        guard let context else { return }
        let buffer = output.take() ?? ByteBuffer()
        let channel = context.channel
        let written = context.writeAndFlush(wrapOutboundOut(buffer))
        try? channel.syncOptions?.setOption(.autoRead, value: true)
        guard !lingers else {
            context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(500)) { channel.close(promise: nil) }
            return
        }
        written.whenComplete { _ in channel.close(promise: nil) }
        // A client that does not read does not keep the connection open for ever.
        context.eventLoop.assumeIsolated().scheduleTask(in: server.host.linkConfiguration.closeTimeout) {
            channel.close(promise: nil)
        }
    }

    /// Handles DISCONNECT.
    func disconnected(_ reason: MQTTReason, _ properties: MQTTProperties) throws(MQTTProtocolError) {
        if let expiry = properties.sessionExpiry {
            guard client.expiry > 0 || expiry == 0 else {
                throw MQTTProtocolError(.protocolError, "a session that was to end with its connection cannot be kept")
            }
            client.expiry = min(expiry, server.maxExpiry)
            writeDownExchanges()
            chooseKeeping()
            session?.isTransient = client.expiry == 0
        }
        leave(isWillDue: reason != .success)
        hangUp()
    }

    /// Releases what the connection had: its name, its session, its will. Only once.
    func leave(isWillDue: Bool) {
        guard phase != .closed else { return }
        writeDownExchanges()
        phase = .closed
        let now = WallClock.nanoseconds()
        let due = isWillDue ? will : nil
        will = nil
        let isDelayed = name != nil && client.expiry > 0 && (due?.delay ?? 0) > 0
        if let name {
            server.sessions.leave(
                name, client, by: ObjectIdentifier(self), will: isDelayed ? due : nil, now: now)
        }
        // If the broker has ended the connection, this has no effect.
        session?.link.sinkEnded(.broken)
        // The broker had no room for the client's state.
        if let name, client.expiry > 0, !server.host.isKnown(name) { server.sessions.forget(name) }
        if let due, !isDelayed { server.publish(due) }
    }

    // MARK: Keep-alive

    /// Ends the connection when nothing was received for one and a half times the interval.
    func watch(_ seconds: UInt16) {
        guard seconds > 0 else { return }
        let limit = TimeAmount.milliseconds(Int64(seconds) * 1500)
        keepAlive = limit
        scheduleCheck(in: limit)
    }

    private func scheduleCheck(in time: TimeAmount) {
        context?.eventLoop.assumeIsolated().scheduleTask(in: time) { self.checkKeepAlive() }
    }

    private func checkKeepAlive() {
        guard phase == .open, let keepAlive else { return }
        let now = NIODeadline.now()
        // While the connection is not read, the client cannot be heard.
        if isReadPaused || isBehind { lastHeard = now }
        let silence = now - lastHeard
        guard silence >= keepAlive else { return scheduleCheck(in: keepAlive - silence) }
        end(.keepAliveTimeout, "nothing heard for \(silence.nanoseconds / 1_000_000) ms")
    }
}
