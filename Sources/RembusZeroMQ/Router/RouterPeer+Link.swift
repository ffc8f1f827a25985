import NIOCore
import RembusTransport
import Synchronization

/// The event loop's side of a connection.
extension RouterPeer {
    struct LoopSide {
        /// Made with the first message; nil again after the end.
        var link: Link?
        var isEnded = false
        var isReading = true
        var pausedSince = NIODeadline.uptimeNanoseconds(0)
        /// Messages that came while the link's owner did not read.
        var waiting = CircularBuffer<ByteBuffer>()
        var waitingBytes = 0
    }

    // MARK: Receiving

    /// Passes one message to the link. Returns the number of bytes that have to wait.
    func receive(_ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?) -> Int {
        guard !loopSide.isEnded else { return 0 }
        if loopSide.link == nil {
            guard let link = lane.makeLink(self) else {
                end(.thrownOut, nil)
                return 0
            }
            // If the session was ended at once, there is no link any more.
            guard !loopSide.isEnded else { return 0 }
            loopSide.link = link
        }
        // The message waits behind others, which are handled when the link's owner reads again.
        guard loopSide.isReading, loopSide.waiting.isEmpty else { return wait(with: bytes, owner) }
        pass(bytes, owner: owner)
        return 0
    }

    private func pass(_ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?) {
        guard let link = loopSide.link else { return }
        guard bytes.count <= link.maxMessageBytes else {
            return link.close(code: 1009, reason: "message too large")
        }
        if CloseMessage.reason(in: bytes) != nil {
            return gone(LinkCloseReason(code: 1000, text: "", isRemote: true))
        }
        link.receive(bytes, owner: owner)
    }

    /// All messages of a batch were passed on.
    func receiveCompleted() {
        loopSide.link?.receiveCompleted()
    }

    /// The connection is lost, or the component has closed it.
    func gone(_ reason: LinkCloseReason) {
        guard !loopSide.isEnded else { return }
        let link = loopSide.link
        // Messages that the peer sent before are handled first.
        loopSide.isReading = true
        passWaiting()
        guard !loopSide.isEnded else { return }
        end(.forgotten, nil)
        link?.sinkEnded(reason)
    }

    private func end(_ ending: OutgoingBatch.Ending, _ reason: LinkCloseReason?) {
        loopSide.isEnded = true
        loopSide.link = nil
        lane.mailbox.handled(loopSide.waitingBytes)
        loopSide.waiting = CircularBuffer()
        loopSide.waitingBytes = 0
        lane.noteReading(self, true)
        lane.append(ending, reason, to: self)
    }

    // MARK: Pauses

    private func wait(with bytes: UnsafeRawBufferPointer, _ owner: ByteBuffer?) -> Int {
        let isTooMuch = loopSide.waitingBytes > RouterLimits.maxWaitingBytes
        if isTooMuch, loopSide.pausedSince + RouterLimits.maxPause < .now() {
            loopSide.link?.close(code: 1008, reason: "more messages than can be taken")
            return 0
        }
        loopSide.waiting.append(owner ?? ByteBuffer(bytes: bytes))
        let cost = bytes.count + 64
        loopSide.waitingBytes += cost
        return cost
    }

    private func passWaiting() {
        var handled = 0
        while loopSide.isReading, let buffer = loopSide.waiting.popFirst() {
            handled += buffer.readableBytes + 64
            loopSide.waitingBytes -= buffer.readableBytes + 64
            buffer.withUnsafeReadableBytes { pass($0, owner: buffer) }
        }
        lane.mailbox.handled(handled)
    }

    private func resume() {
        guard loopSide.isReading, !loopSide.isEnded, !loopSide.waiting.isEmpty else { return }
        passWaiting()
        receiveCompleted()
    }

    // MARK: Backlog

    /// Reports the backlog to the link, and again when it has become small.
    func reportBacklog() {
        guard let link = loopSide.link else { return }
        var backlog = unsent.load(ordering: .relaxed)
        if backlog > lane.lowWaterMark {
            wantsNotice.store(true, ordering: .sequentiallyConsistent)
            backlog = unsent.load(ordering: .sequentiallyConsistent)
            if backlog <= lane.lowWaterMark { wantsNotice.store(false, ordering: .relaxed) }
        }
        link.setSinkBacklog(backlog)
    }
}

extension RouterPeer: LinkSink {
    func link(_ link: Link, sends message: UnsafeRawBufferPointer) {
        lane.append(message, to: self)
        let backlog = unsent.load(ordering: .relaxed)
        // Only a growing backlog is reported here. A shrinking one makes the link's owner send, which this call does
        // not allow.
        if backlog > lane.lowWaterMark { link.setSinkBacklog(backlog) }
    }

    func linkFlushes(_ link: Link) {
        lane.handOver()
        reportBacklog()
    }

    func link(_ link: Link, reads isReading: Bool) {
        guard isReading != loopSide.isReading, !loopSide.isEnded else { return }
        loopSide.isReading = isReading
        if !isReading { loopSide.pausedSince = .now() }
        lane.noteReading(self, isReading)
        // Later, because the caller is in the middle of something.
        if isReading, !loopSide.waiting.isEmpty { lane.eventLoop.execute { self.resume() } }
    }

    func link(_ link: Link, closes reason: LinkCloseReason) {
        guard !loopSide.isEnded else { return }
        end(.thrownOut, reason)
    }
}
