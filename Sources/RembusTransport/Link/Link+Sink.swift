package import NIOCore

/// Links whose messages another protocol carries.
extension Link {
    /// Handles a complete message from the sink's peer.
    @inline(__always)
    package func receive(_ bytes: UnsafeRawBufferPointer, owner: ByteBuffer? = nil) {
        heardSincePing = true
        guard case .open = state else { return }
        delegate?.link(self, received: bytes, kind: .binary, owner: owner)
    }

    /// Called when all messages of one read of the sink were handled.
    package func receiveCompleted() {
        delegate?.linkReadCompleted(self)
        group.flush()
        if backlog > maxUnreadBytes { holdBack(true) }
    }

    /// Sets how many bytes the sink holds that its peer has not read.
    package func setSinkBacklog(_ bytes: Int) {
        sinkBacklog = bytes
        countWaiting()
        if bytes > configuration.highWaterMark {
            isCongested = true
        } else if bytes <= configuration.lowWaterMark {
            if isHeldBack { holdBack(false) }
            guard isCongested else { return }
            isCongested = false
            delegate?.linkDrained(self)
        }
    }

    /// Sets how many more bytes of the sink's output its channel still holds.
    package func setSinkHandedOver(_ bytes: Int) {
        handedOver = bytes
        countWaiting()
    }

    /// The sink's peer has closed the connection, or is gone.
    package func sinkEnded(_ reason: LinkCloseReason) {
        guard isOpen else { return }
        ended(reason)
        sink = nil
        forgetWaiting()
    }
}
