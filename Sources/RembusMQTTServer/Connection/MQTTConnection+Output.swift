import NIOCore
import RembusBroker
import RembusMQTT
import RembusTransport

/// The output of the connection.
extension MQTTConnection {
    func takeBuffer() -> ByteBuffer {
        let allocator = context?.channel.allocator ?? ByteBufferAllocator()
        return session?.link.group.takeBuffer(allocator, minimumBytes: 512) ?? allocator.buffer(capacity: 512)
    }

    /// Gives the collected bytes to the socket if it takes more, and reports the backlog.
    func write() {
        if isGone { output = nil }
        guard let context, let buffer = output, buffer.readableBytes > 0 else { return reportBacklog() }
        guard context.channel.isWritable || phase == .closed else { return reportBacklog() }
        output = nil
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        session?.link.group.giveBack(buffer)
        handedOver += buffer.readableBytes
        if handedOver >= 16 << 10 { countHandedOver() }
        reportBacklog()
    }

    /// Counts the bytes that the channel was given and has not written.
    private func countHandedOver() {
        handedOver = context?.channel.bufferedBytes ?? 0
        session?.link.setSinkHandedOver(handedOver)
    }

    /// Reports the backlog, so that the broker recognises a slow client.
    func reportBacklog() {
        let bytes = (output?.readableBytes ?? 0) + heldBytes
        guard bytes != reportedBacklog, let session, phase != .closed else { return }
        reportedBacklog = bytes
        session.link.setSinkBacklog(bytes)
    }

    /// Reports the backlog while packets are being collected, after every larger amount.
    @inline(__always)
    func noteGrowth(_ bytes: Int) {
        if bytes &- reportedBacklog > 64 << 10 {
            reportedBacklog = bytes
            session?.link.setSinkBacklog(bytes)
        }
    }
}

extension MQTTConnection: LinkSink, AnswerSink {
    /// Deliveries and acknowledgements come without frames, and other messages have no meaning in MQTT.
    func link(_ link: Link, sends message: UnsafeRawBufferPointer) {}

    func linkFlushes(_ link: Link) {
        if !finished.isEmpty { acknowledgeFinished() }
        writeDownExchanges()
        write()
    }

    func link(_ link: Link, reads isReading: Bool) {
        isReadPaused = !isReading
        lastHeard = .now()
        updateReading()
        if isReading { scheduleTurn() }
    }

    /// Reads from the client, unless the broker has stopped reading or earlier packets wait.
    func updateReading() {
        try? context?.channel.syncOptions?.setOption(.autoRead, value: !isReadPaused && !isBehind)
    }

    func linkRecountsMemory(_ link: Link) { countHandedOver() }

    func linkGivesUpMemory(_ link: Link) {
        output = nil
        context?.channel.close(promise: nil)
    }

    func link(_ link: Link, closes reason: LinkCloseReason) {
        switch reason.code {
        case 4000: end(.sessionTakenOver, reason.text)
        case 1001: end(.serverShuttingDown, reason.text)
        case 1008: end(.quotaExceeded, reason.text)
        case 1009: end(.packetTooLarge, reason.text)
        case 1013: end(.serverBusy, reason.text)
        default: end(.administrativeAction, reason.text)
        }
    }
}
