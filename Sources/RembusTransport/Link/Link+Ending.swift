import NIOCore
import RembusWire

/// Whether the peer is alive, and how a connection ends.
extension Link {
    func schedulePing() {
        guard let interval = configuration.pingInterval, !isLengthPrefixed else { return }
        // A strong reference, given up with the task: a weak one would make every later count of references slow.
        pingTask = eventLoop.assumeIsolated().scheduleTask(in: interval) { self.pingIntervalPassed() }
    }

    func pingIntervalPassed() {
        guard isOpen else { return }
        // While nothing is read, silence says nothing about the peer.
        silentIntervals = heardSincePing || isReadPaused || isBehind ? 0 : silentIntervals + 1
        if silentIntervals >= 2 {
            ended(LinkCloseReason(code: 1006, text: "no sign of life for two ping intervals", isRemote: true))
            context?.close(promise: nil)
            return
        }
        ping()
        schedulePing()
    }

    /// Sends a ping now; a live peer answers, which shows in `heardSincePing`.
    package func ping() {
        guard isOpen, !isLengthPrefixed, sink == nil else { return }
        heardSincePing = false
        sendFrame(.ping, length: 0) { _ in }
        group.flush()
    }

    /// True when something arrived since the last ping was sent.
    package var wasHeardSincePing: Bool { heardSincePing }

    /// Starts the close handshake; what was sent before still goes out.
    package func close(code: UInt16, reason: String) {
        guard case .open = state else { return }
        if let sink {
            // The sink delivers what was sent before the end.
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
        // There is no answer to wait for: the connection ends when what was sent before is written.
        if isLengthPrefixed { return hangUp() }
        eventLoop.assumeIsolated().scheduleTask(in: configuration.closeTimeout) { self.drop() }
    }

    func sendClose(code: UInt16, reason: String) {
        guard !isLengthPrefixed else { return }
        // A Close frame holds at most 123 bytes of reason; cut at a character.
        var text = reason
        while text.utf8.count > 120 { text.removeLast() }
        let bytes = Array(text.utf8)
        sendFrame(.close, length: 2 + bytes.count) { target in
            var writer = FrameWriter(target)
            writer.integer(code.bigEndian)
            writer.copy(bytes)
        }
    }

    /// Both Close frames are exchanged: the connection can go once everything is written.
    func hangUp() {
        group.flush()
        state = .closed
        guard let context, outbox.isEmpty else {
            // A peer that does not read what is queued does not keep the connection for ever.
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

    /// Tells the delegate once, and lets go of it.
    func report(_ reason: LinkCloseReason) {
        pingTask?.cancel()
        pingTask = nil
        let delegate = self.delegate
        self.delegate = nil
        delegate?.linkClosed(self, reason: reason)
    }
}
