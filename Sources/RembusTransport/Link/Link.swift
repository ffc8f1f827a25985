package import NIOCore

/// One connection in both directions: complete messages go to a delegate, and complete messages leave through an
/// outbox.
///
/// Used on its channel's event loop only. `sendBinary` and `sendText` collect frames in memory, and `LinkGroup.flush()`
/// gives them to the socket. While the socket accepts no more, frames wait in the outbox. Its size is `backlog`, and
/// the owner decides what to do about it.
///
/// Messages are WebSocket frames or, on plain TCP and TLS connections, preceded by their length; `framing` says which.
/// A connection with another framing has a ``LinkSink``, which sends complete messages and passes on those that arrive.
package final class Link: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    /// Which end of the WebSocket this is. It decides who masks frames (RFC 6455 §5.1).
    package enum Role: Sendable {
        case server
        case client
    }

    enum State {
        case open
        /// A Close frame was sent. The peer has to answer with one or to close the connection.
        case closing(LinkCloseReason)
        case closed
    }

    package let group: LinkGroup
    package let configuration: LinkConfiguration
    package let remoteAddress: String
    /// A strong reference until the link ends, so that owner and link live exactly as long as the connection.
    @exclusivity(unchecked) package var delegate: (any LinkDelegate)?

    /// Takes the output instead of a channel; nil for links on a channel, and after the end of the link.
    @exclusivity(unchecked) var sink: (any LinkSink)?
    /// The bytes that the sink holds and its peer has not read.
    @exclusivity(unchecked) var sinkBacklog = 0
    /// The largest message that the peer may send now. A sink has to enforce this.
    package internal(set) var maxMessageBytes: Int

    let role: Role
    /// Whether messages are preceded by their length (protocol.md §11). This framing has no pings, no close and no
    /// text.
    let isLengthPrefixed: Bool
    /// Whether frames are masked: those of WebSocket clients.
    let masksFrames: Bool
    @exclusivity(unchecked) private var reader: WebSocketReader
    @exclusivity(unchecked) private var lengthReader: LengthFrameReader
    /// Applied between reads, because the reader is in use while messages are handled.
    @exclusivity(unchecked) var nextMaxMessageBytes: Int?
    /// The bytes of an incomplete message that were counted in the group.
    @exclusivity(unchecked) var assembledBytes = 0
    @exclusivity(unchecked) var outbox = Outbox()
    /// The bytes that were given to the channel and that its peer has not read, as far as is known.
    @exclusivity(unchecked) var handedOver = 0
    /// The bytes of unread output that were counted in the group's memory.
    @exclusivity(unchecked) var countedBytes = 0
    @exclusivity(unchecked) var masks: MaskSource
    @exclusivity(unchecked) var state = State.open
    @exclusivity(unchecked) var context: ChannelHandlerContext?
    @exclusivity(unchecked) var isEnlisted = false
    @exclusivity(unchecked) private var isWritable = true
    @exclusivity(unchecked) package internal(set) var isCongested = false
    var isReadPaused = false
    /// Whether reading waits for the owner to handle earlier messages.
    var isReadSuspended = false
    /// Whether reading waits for the peer to read the output that is queued for it.
    @exclusivity(unchecked) var isHeldBack = false
    /// The bytes that were read and could not be handled in one turn of the event loop.
    @exclusivity(unchecked) var rest: ByteBuffer?
    var isTurnScheduled = false
    /// Why the connection is gone, while there are bytes that its peer sent before and that were not handled.
    @exclusivity(unchecked) var endReason: LinkCloseReason?
    var pingTask: Scheduled<Void>?
    /// Whether something was received since the last ping. Nothing for two intervals means that the peer is gone.
    @exclusivity(unchecked) var heardSincePing = true
    var silentIntervals = 0

    package init(
        role: Role, group: LinkGroup, configuration: LinkConfiguration, remoteAddress: String,
        delegate: (any LinkDelegate)?, sink: (any LinkSink)? = nil
    ) {
        self.sink = sink
        maxMessageBytes = configuration.maxMessageBytes
        self.role = role
        self.group = group
        self.configuration = configuration
        self.remoteAddress = remoteAddress
        self.delegate = delegate
        self.isLengthPrefixed = configuration.framing == .lengthPrefixed
        self.masksFrames = role == .client && configuration.framing == .webSocket
        self.reader = WebSocketReader(expectsMask: role == .server, maxMessageBytes: configuration.maxMessageBytes)
        self.lengthReader = LengthFrameReader(maxMessageBytes: configuration.maxMessageBytes)
        self.masks = MaskSource()
    }

    package var eventLoop: any EventLoop { group.eventLoop }

    /// The bytes that were sent and that the socket has not accepted.
    package var backlog: Int { sink == nil ? outbox.byteCount : sinkBacklog }

    package var isOpen: Bool {
        if case .open = state { return true }
        return false
    }

    // MARK: Channel events

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        isWritable = context.channel.isWritable
        schedulePing()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        forgetWaiting()
        // Bytes that came before the end are still handled, in several turns.
        if endReason == nil || !isBehind { forgetAssembly() }
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        heardSincePing = true
        if case .closed = state { return }
        let buffer = unwrapInboundIn(data)
        let count = isBehind ? 0 : handle(buffer)
        // On a link that is closing, further messages do not matter.
        if count < buffer.readableBytes, isOpen { keep(buffer.readableBytesView.dropFirst(count)) }
        noteUnfinished()
        group.receiveMemory.giveBack(buffer)
    }

    /// Handles messages until there are no more, the link ends, or the turn is over. Returns how many bytes they had.
    func handle(_ buffer: ByteBuffer) -> Int {
        group.beginTurn()
        if let limit = nextMaxMessageBytes.take() {
            reader.maxMessageBytes = limit
            lengthReader.maxMessageBytes = limit
        }
        do {
            return try buffer.withUnsafeReadableBytes { bytes in
                if isLengthPrefixed {
                    try lengthReader.feed(bytes) { handle(.message($0, .binary, owner: $1)) && !group.isTurnOver() }
                } else {
                    try reader.feed(bytes, scratch: group.scratch) { handle($0) && !group.isTurnOver() }
                }
            }
        } catch let violation as WebSocketViolation {
            close(code: violation.code, reason: violation.text)
        } catch {
            close(code: 1002, reason: "protocol error")
        }
        return buffer.readableBytes
    }

    @inline(__always)
    func noteUnfinished() {
        if unfinishedBytes | assembledBytes != 0 { countAssembly() }
    }

    /// The bytes of an incomplete message, and of messages that wait for their turn. Must not be read while the readers
    /// are in use.
    var unfinishedBytes: Int {
        (isLengthPrefixed ? lengthReader.assembledBytes : reader.assembledBytes) &+ (rest?.readableBytes ?? 0)
    }

    /// Drops an incomplete message, whose rest is read and ignored. Must not be called while the readers are in use.
    func discardAssembly() {
        forgetRest()
        if isLengthPrefixed { lengthReader.discard() } else { reader.discard() }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        completeRead()
        if isBehind { scheduleTurn() }
    }

    func completeRead() {
        group.endTurn()
        delegate?.linkReadCompleted(self)
        group.flush()
        if outbox.byteCount > maxUnreadBytes { holdBack(true) }
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        guard isWritable else { return }
        // A peer that reads output is alive, even while nothing is read from it.
        heardSincePing = true
        if countedBytes > LoopMemory.largeBytes { group.memory.noteProgress(self) }
        flush()
        // In `linkDrained` the owner may have sent more, on this link and on others.
        group.flush()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        lost(.broken)
        // Objects that still refer to this link must not keep its buffers in memory.
        outbox.removeAll()
        forgetWaiting()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        lost(TLSFailure.isHangUp(error) ? .broken : LinkCloseReason(code: 1006, text: "\(error)", isRemote: true))
        context.close(promise: nil)
    }

    private func handle(_ event: WebSocketReader.Event) -> Bool {
        guard case .open = state else {
            // After our Close frame only that of the peer matters (RFC 6455 §1.4).
            if case .close = event { hangUp() }
            return isOpen
        }
        switch event {
        case .message(let bytes, let kind, let owner):
            delegate?.link(self, received: bytes, kind: kind, owner: owner)
        case .ping(let payload):
            sendFrame(.pong, length: payload.count) { target in
                if let base = payload.baseAddress { target.copyMemory(from: base, byteCount: payload.count) }
            }
        case .pong: break
        case .close(let code, let reason):
            sendClose(code: code ?? 1000, reason: "")
            ended(LinkCloseReason(code: code ?? 1005, text: reason, isRemote: true))
            hangUp()
        }
        return isOpen
    }

    // MARK: Flushing

    /// Drops the output, because the connection is gone.
    private func forgetOutput() {
        outbox.removeAll()
        forgetWaiting()
        isCongested = false
    }

    /// Gives collected frames to the socket while it accepts them.
    func flush() {
        isEnlisted = false
        if let sink { return sink.linkFlushes(self) }
        if endReason != nil { return forgetOutput() }
        guard let context, !outbox.isEmpty else { return }
        var didWrite = false
        while isWritable, let chunk = outbox.nextChunk() {
            handedOver &+= chunk.buffer.readableBytes
            context.write(wrapOutboundOut(chunk.buffer), promise: nil)
            if !chunk.isShared { group.giveBack(chunk.buffer) }
            didWrite = true
            // Writability can change inside of `write`, whose channel event updates the property.
        }
        if didWrite { context.flush() }
        countWaiting()
        if isHeldBack, outbox.byteCount <= configuration.lowWaterMark { holdBack(false) }
        if isCongested, outbox.byteCount <= configuration.lowWaterMark {
            isCongested = false
            delegate?.linkDrained(self)
        }
    }
}
