package import NIOCore

/// A link whose messages another protocol carries.
extension Link {
    /// Hands over a whole message that the sink's peer sent.
    @inline(__always)
    package func receive(_ bytes: UnsafeRawBufferPointer, owner: ByteBuffer? = nil) {
        heardSincePing = true
        guard case .open = state else { return }
        delegate?.link(self, received: bytes, kind: .binary, owner: owner)
    }

    /// All messages of one read of the sink were handed over.
    package func receiveCompleted() {
        delegate?.linkReadCompleted(self)
        group.flush()
        if backlog > maxUnreadBytes { holdBack(true) }
    }

    /// Notes how much the sink holds that its peer has not taken.
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

    /// Notes how much more of what the sink has written its channel still holds.
    package func setSinkHandedOver(_ bytes: Int) {
        handedOver = bytes
        countWaiting()
    }

    /// The sink's peer is gone, or said goodbye.
    package func sinkEnded(_ reason: LinkCloseReason) {
        guard isOpen else { return }
        ended(reason)
        sink = nil
        forgetWaiting()
    }
}
