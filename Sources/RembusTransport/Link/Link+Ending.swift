import NIOCore
import RembusWire

/// Detecting that the peer is gone, and the end of a connection.
extension Link {
    func schedulePing() {
        guard let interval = configuration.pingInterval, !isLengthPrefixed else { return }
        // A strong reference, which ends with the task. A weak one would make all later reference counting slow.
        pingTask = eventLoop.assumeIsolated().scheduleTask(in: interval) { self.pingIntervalPassed() }
    }

    func pingIntervalPassed() {
        guard isOpen else { return }
        // While nothing is read, silence is no sign of a lost peer.
        silentIntervals = heardSincePing || isReadPaused || isBehind ? 0 : silentIntervals + 1
        if silentIntervals >= 2 {
            ended(LinkCloseReason(code: 1006, text: "no sign of life for two ping intervals", isRemote: true))
            context?.close(promise: nil)
            return
        }
        ping()
        schedulePing()
    }

    /// Sends a ping now. The answer sets `heardSincePing`.
    package func ping() {
        guard isOpen, !isLengthPrefixed, sink == nil else { return }
        heardSincePing = false
        sendFrame(.ping, length: 0) { _ in }
        group.flush()
    }

    /// Whether something was received since the last ping was sent.
    package var wasHeardSincePing: Bool { heardSincePing }

    /// Starts the close handshake. Bytes that were sent before still leave.
    package func close(code: UInt16, reason: String) {
        guard case .open = state else { return }
        if let sink {
            // The sink sends everything that was sent before the end.
            group.flush()
            guard case .open = state else { return }
            state = .closed
            report(LinkCloseReason(code: code, text: reason, isRemote: false))
            forgetWaiting()
            return sink.link(self, closes: LinkCloseReason(code: code, text: reason, isRemote: false))
        }
        sendClose(code: code, reason: reason)
        let cause = LinkCloseReason(code: code, text: reason, isRemote: false)
        state = .closing(cause)
        resumeReading()
        holdBack(false)
        group.flush()
        report(cause)
        // This framing has no close handshake. The connection ends when everything is written.
        if isLengthPrefixed { return hangUp() }
        eventLoop.assumeIsolated().scheduleTask(in: configuration.closeTimeout) { self.drop() }
    }

    func sendClose(code: UInt16, reason: String) {
        guard !isLengthPrefixed else { return }
        // A Close frame has at most 123 bytes of reason, so it is cut at a character.
        var text = reason
        while text.utf8.count > 120 { text.removeLast() }
        let bytes = Array(text.utf8)
        sendFrame(.close, length: 2 + bytes.count) { target in
            var writer = FrameWriter(target)
            writer.integer(code.bigEndian)
            writer.copy(bytes)
        }
    }

    /// Ends the connection when everything is written. Both Close frames were exchanged.
    func hangUp() {
        group.flush()
        state = .closed
        guard let context, outbox.isEmpty else {
            // A peer that does not read does not keep the connection open for ever.
            eventLoop.assumeIsolated().scheduleTask(in: configuration.closeTimeout) { self.drop() }
            return
        }
        let written = eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in self.drop() }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
    }

    func drop() {
        forgetRest()
        outbox.removeAll()
        forgetWaiting()
        state = .closed
        context?.close(promise: nil)
    }

    func ended(_ reason: LinkCloseReason) {
        state = .closed
        report(reason)
    }

    /// Reports the end to the delegate, once, and releases it.
    func report(_ reason: LinkCloseReason) {
        pingTask?.cancel()
        pingTask = nil
        let delegate = self.delegate
        self.delegate = nil
        delegate?.linkClosed(self, reason: reason)
    }
}
