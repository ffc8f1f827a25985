import NIOCore

/// What a connection has sent beyond one ``Turn`` of its event loop waits here, in order, and nothing more is read until it
/// was handled.
extension Link {
    /// Whether messages of an earlier read wait.
    var isBehind: Bool { rest != nil }

    /// Keeps what a read has brought for later turns: in memory of its own, because the next read goes where it lies.
    func keep(_ bytes: ByteBufferView) {
        group.waitingBytes += bytes.count
        if rest == nil {
            rest = ByteBuffer(bytes: bytes)
            updateReading()
        } else {
            // What was in the socket when the peer closed its end comes without being asked for.
            rest?.writeBytes(bytes)
        }
    }

    /// Keeps what a turn has left of what was kept before.
    private func keepOn(_ buffer: ByteBuffer) {
        group.waitingBytes += buffer.readableBytes
        rest = buffer
    }

    /// Forgets what waits.
    func forgetRest() {
        group.waitingBytes -= rest?.readableBytes ?? 0
        rest = nil
    }

    func scheduleTurn() {
        guard !isTurnScheduled else { return }
        isTurnScheduled = true
        group.turns.add { self.takeTurn() }
    }

    private func takeTurn() {
        isTurnScheduled = false
        // An owner that wants nothing is asked no more when the peer has gone: there is nobody whom it could slow down.
        guard var bytes = rest, mayRead || endReason != nil else { return }
        heardSincePing = true
        forgetRest()
        if case .closed = state {} else { bytes.moveReaderIndex(forwardBy: handle(bytes)) }
        if bytes.readableBytes > 0, isOpen { keepOn(bytes) }
        noteUnfinished()
        completeRead()
        if isBehind { return scheduleTurn() }
        guard let reason = endReason else { return updateReading() }
        if isOpen { ended(reason) }
        forgetAssembly()
        outbox.removeAll()
        forgetWaiting()
    }

    /// The connection is gone; its owner is told when what the peer had sent before was handled.
    func lost(_ reason: LinkCloseReason) {
        guard isBehind, isOpen else { return ended(reason) }
        endReason = endReason ?? reason
        scheduleTurn()
    }
}
