import NIOCore

extension Link {
    /// Limits messages to `bytes` from the next read on. A connection without a login may get a lower limit than the
    /// one in ``configuration``.
    package func limitMessages(to bytes: Int) {
        maxMessageBytes = bytes
        nextMaxMessageBytes = bytes
    }

    /// Stops reading from the socket, so that the peer has to slow down.
    package func pauseReading() {
        guard !isReadPaused else { return }
        isReadPaused = true
        updateReading()
    }

    package func resumeReading() {
        guard isReadPaused else { return }
        isReadPaused = false
        updateReading()
    }

    /// Stops reading until the owner has handled earlier messages. Independent of ``pauseReading()``.
    package func suspendReading(_ isSuspended: Bool) {
        guard isSuspended != isReadSuspended else { return }
        isReadSuspended = isSuspended
        updateReading()
    }

    func holdBack(_ isHeldBack: Bool) {
        guard isHeldBack != self.isHeldBack else { return }
        self.isHeldBack = isHeldBack
        updateReading()
    }

    /// Whether the owner and the unread output allow reading.
    var mayRead: Bool { !isReadPaused && !isReadSuspended && !isHeldBack }

    func updateReading() {
        if let sink { return sink.link(self, reads: mayRead) }
        if isBehind, mayRead { scheduleTurn() }
        try? context?.channel.syncOptions?.setOption(.autoRead, value: mayRead && !isBehind)
    }
}
