import NIOCore

extension Link {
    /// Has messages of at most `bytes` accepted from the next read on: a connection without a login may be given less than
    /// ``configuration`` says.
    package func limitMessages(to bytes: Int) {
        maxMessageBytes = bytes
        nextMaxMessageBytes = bytes
    }

    /// Stops reading from the socket, so that the peer feels that its messages cannot be taken.
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

    /// Stops reading until the owner has dealt with what was read before; apart from ``pauseReading()``.
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

    /// Whether the owner, and what waits for the peer, allow messages.
    var mayRead: Bool { !isReadPaused && !isReadSuspended && !isHeldBack }

    func updateReading() {
        if let sink { return sink.link(self, reads: mayRead) }
        if isBehind, mayRead { scheduleTurn() }
        try? context?.channel.syncOptions?.setOption(.autoRead, value: mayRead && !isBehind)
    }
}
