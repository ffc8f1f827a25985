import NIOCore

extension Link {
    /// Has messages of at most `bytes` accepted from the next read on: a stranger may be given less than
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

    func holdBack(_ isHeldBack: Bool) {
        guard isHeldBack != self.isHeldBack else { return }
        self.isHeldBack = isHeldBack
        updateReading()
    }

    func updateReading() {
        if let sink { return sink.link(self, reads: !isReadPaused && !isHeldBack) }
        try? context?.channel.syncOptions?.setOption(.autoRead, value: !isReadPaused && !isHeldBack)
    }
}
