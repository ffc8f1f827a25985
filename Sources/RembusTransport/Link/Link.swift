package import NIOCore

/// One connection, both directions: whole messages in to a delegate, whole messages out through an outbox.
///
/// Used on its channel's event loop only. `sendBinary` and `sendText` collect frames in memory; `LinkGroup.flush()` hands
/// them to the socket. While the socket does not take more, frames wait in the outbox: its size is `backlog`, and what
/// to do about it is the owner's policy.
///
/// Messages travel as WebSocket frames or, on plain TCP and TLS connections, behind a length; `framing` says which. A
/// connection that is framed elsewhere has a ``LinkSink``, which takes whole messages, and hands over what arrives.
package final class Link: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    /// Which end of the WebSocket we are; decides who masks (RFC 6455 §5.1).
    package enum Role: Sendable {
        case server
        case client
    }

    enum State {
        case open
        /// We sent a Close frame and wait for the peer's, or for it to hang up.
        case closing(LinkCloseReason)
        case closed
    }

    package let group: LinkGroup
    package let configuration: LinkConfiguration
    package let remoteAddress: String
    /// Held until the link ends, so owner and link keep each other alive exactly as long as the connection lives.
    @exclusivity(unchecked) package var delegate: (any LinkDelegate)?

    /// Takes what is sent, instead of a channel; nil for links that are on one, and when the link has ended.
    @exclusivity(unchecked) var sink: (any LinkSink)?
    /// Bytes that the sink holds and its peer has not taken.
    @exclusivity(unchecked) var sinkBacklog = 0
    /// Largest message that the peer may send now; a sink holds its peer to it.
    package internal(set) var maxMessageBytes: Int

    let role: Role
    /// Whether messages are cut out by their length (protocol.md §11), which has no pings, no close and no text.
    let isLengthPrefixed: Bool
    /// Whether frames are masked: those of WebSocket clients.
    let masksFrames: Bool
    @exclusivity(unchecked) private var reader: WebSocketReader
    @exclusivity(unchecked) private var lengthReader: LengthFrameReader
    /// Taken over between reads: the reader is in use while messages are handled.
    @exclusivity(unchecked) var nextMaxMessageBytes: Int?
    /// Bytes of an unfinished message as its group counts them.
    @exclusivity(unchecked) var assembledBytes = 0
    @exclusivity(unchecked) var outbox = Outbox()
    /// Bytes that the channel was given and, as far as is known, its peer has not taken.
    @exclusivity(unchecked) var handedOver = 0
    /// Bytes that wait for the peer as the group's memory counts them.
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
    /// Whether reading waits for the peer to take the bytes that are queued for it.
    @exclusivity(unchecked) var isHeldBack = false
    /// What was read and could not be handled in one turn of the event loop.
    @exclusivity(unchecked) var rest: ByteBuffer?
    var isTurnScheduled = false
    /// Why the connection is gone, while there is a rest that its peer sent before.
    @exclusivity(unchecked) var endReason: LinkCloseReason?
    var pingTask: Scheduled<Void>?
    /// Reads since the last ping went out; none for two intervals means a dead peer.
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

    /// Bytes that were sent but that the socket has not taken yet.
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
        // What came before the end is still to be handled, one turn after the other.
        if endReason == nil || !isBehind { forgetAssembly() }
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        heardSincePing = true
        if case .closed = state { return }
        let buffer = unwrapInboundIn(data)
        let count = isBehind ? 0 : handle(buffer)
        // On a link that is closing what stands behind does not matter.
        if count < buffer.readableBytes, isOpen { keep(buffer.readableBytesView.dropFirst(count)) }
        noteUnfinished()
        group.receiveMemory.giveBack(buffer)
    }

    /// Handles messages until there are no more, the link ends, or the turn is over; gives how many bytes they were.
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

    /// Bytes of a message whose end has not arrived, and of those that wait for their turn; never read while the readers are
    /// at work.
    var unfinishedBytes: Int {
        (isLengthPrefixed ? lengthReader.assembledBytes : reader.assembledBytes) &+ (rest?.readableBytes ?? 0)
    }

    /// Gives up the message that is arriving: its rest is read and forgotten. Never called while the readers are at work.
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
        // A peer that takes bytes is alive, also while nothing is read from it.
        heardSincePing = true
        if countedBytes > LoopMemory.largeBytes { group.memory.noteProgress(self) }
        flush()
        // In `linkDrained` the owner may have sent more, on this link and on others.
        group.flush()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        lost(.broken)
        // Objects that still refer to this link must not keep its buffers alive.
        outbox.removeAll()
        forgetWaiting()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        lost(TLSFailure.isHangUp(error) ? .broken : LinkCloseReason(code: 1006, text: "\(error)", isRemote: true))
        context.close(promise: nil)
    }

    private func handle(_ event: WebSocketReader.Event) -> Bool {
        guard case .open = state else {
            // After our Close only the peer's Close matters (RFC 6455 §1.4).
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

    /// Nobody is there to take what is sent.
    private func forgetOutput() {
        outbox.removeAll()
        forgetWaiting()
        isCongested = false
    }

    /// Hands collected frames to the socket for as long as it takes them.
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
            // Writability can change inside `write`; the property is updated by the channel event it causes.
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
