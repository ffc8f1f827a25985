import NIOCore

/// Bytes that a connection has received beyond one ``Turn`` of its event loop. They wait in order, and nothing more is
/// read until they were handled.
extension Link {
    /// Whether bytes of an earlier read wait.
    var isBehind: Bool { rest != nil }

    /// Keeps the rest of a read for later turns, in memory of its own, because the next read uses the shared memory
    /// again.
    func keep(_ bytes: ByteBufferView) {
        group.waitingBytes += bytes.count
        if rest == nil {
            rest = ByteBuffer(bytes: bytes)
            updateReading()
        } else {
            // When the peer closes its end, the last bytes arrive without being read.
            rest?.writeBytes(bytes)
        }
    }

    /// Keeps the bytes that a turn has left.
    private func keepOn(_ buffer: ByteBuffer) {
        group.waitingBytes += buffer.readableBytes
        rest = buffer
    }

    /// Drops the bytes that wait.
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
        // While the owner does not read, bytes wait. When the peer is gone there is nobody to slow down, so they are
        // handled anyway.
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

    /// The connection is gone. Its owner is told when everything that the peer sent before was handled.
    func lost(_ reason: LinkCloseReason) {
        guard isBehind, isOpen else { return ended(reason) }
        endReason = endReason ?? reason
        scheduleTurn()
    }
}
