import Logging
import NIOCore
import RembusBroker
import RembusMQTT
import RembusSupport
import RembusTransport

/// The end of the connection, from either side.
extension MQTTConnection {
    /// The client broke the protocol: it is told why, as far as its version can say it.
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

    /// Ends the connection from this side. MQTT 5 clients get `reason`.
    func end(_ reason: MQTTReason?, _ text: String) {
        guard phase != .closed else { return }
        logger.debug("closing \(label): \(text)")
        let isTold = phase == .open && version == .v5 && reason != nil
        leave(isWillDue: reason != .serverShuttingDown)
        if isTold, let reason { send(.disconnect(reason: reason, properties: MQTTProperties())) }
        hangUp(lingers: isTold)
    }

    /// Closes the channel when what was collected has left.
    ///
    /// - Parameter lingers: Leaves it to the client for a moment: closing while it still sends would reset the connection,
    ///   and what it was told could be lost.
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
        // A client that does not read does not keep the connection for ever.
        context.eventLoop.assumeIsolated().scheduleTask(in: server.host.linkConfiguration.closeTimeout) {
            channel.close(promise: nil)
        }
    }

    /// The client says goodbye.
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

    /// Gives back what the connection had: its name, its session, its will. Once.
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
        // Ended from the broker's side already when it was the broker that ended it.
        session?.link.sinkEnded(.broken)
        // The broker had no room for what the client leaves.
        if let name, client.expiry > 0, !server.host.isKnown(name) { server.sessions.forget(name) }
        if let due, !isDelayed { server.publish(due) }
    }

    // MARK: Keep-alive

    /// Ends the connection when nothing is heard for one and a half times the interval.
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
        // Who is not read from cannot be heard.
        if isReadPaused || isBehind { lastHeard = now }
        let silence = now - lastHeard
        guard silence >= keepAlive else { return scheduleCheck(in: keepAlive - silence) }
        end(.keepAliveTimeout, "nothing heard for \(silence.nanoseconds / 1_000_000) ms")
    }
}
