package import NIOCore
import NIOSSL
import RembusWire

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
    private(set) package var maxMessageBytes: Int

    let role: Role
    /// Whether messages are cut out by their length (protocol.md §11), which has no pings, no close and no text.
    private let isLengthPrefixed: Bool
    /// Whether frames are masked: those of WebSocket clients.
    private let masksFrames: Bool
    @exclusivity(unchecked) private var reader: WebSocketReader
    @exclusivity(unchecked) private var lengthReader: LengthFrameReader
    /// Taken over between reads: the reader is in use while messages are handled.
    @exclusivity(unchecked) private var nextMaxMessageBytes: Int?
    /// Bytes of an unfinished message as its group counts them.
    @exclusivity(unchecked) var assembledBytes = 0
    @exclusivity(unchecked) private var outbox = Outbox()
    @exclusivity(unchecked) private var masks: MaskSource
    @exclusivity(unchecked) var state = State.open
    @exclusivity(unchecked) private var context: ChannelHandlerContext?
    @exclusivity(unchecked) private var isEnlisted = false
    @exclusivity(unchecked) private var isWritable = true
    @exclusivity(unchecked) package internal(set) var isCongested = false
    private var isReadPaused = false
    /// Reading waits for the peer to take what is queued for it.
    @exclusivity(unchecked) var isHeldBack = false
    private var pingTask: Scheduled<Void>?
    /// Reads since the last ping went out; none for two intervals means a dead peer.
    @exclusivity(unchecked) var heardSincePing = true
    private var silentIntervals = 0

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
        forgetAssembly()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        heardSincePing = true
        if case .closed = state { return }
        let buffer = unwrapInboundIn(data)
        if let limit = nextMaxMessageBytes.take() {
            reader.maxMessageBytes = limit
            lengthReader.maxMessageBytes = limit
        }
        do {
            try buffer.withUnsafeReadableBytes { bytes in
                if isLengthPrefixed {
                    try lengthReader.feed(bytes) { handle(.message($0, .binary, owner: $1)) }
                } else {
                    try reader.feed(bytes, scratch: group.scratch) { handle($0) }
                }
            }
        } catch let violation as WebSocketViolation {
            close(code: violation.code, reason: violation.text)
        } catch {
            close(code: 1002, reason: "protocol error")
        }
        if unfinishedBytes | assembledBytes != 0 { countAssembly() }
    }

    /// Bytes of a message whose end has not arrived; never read while the readers are at work.
    var unfinishedBytes: Int { isLengthPrefixed ? lengthReader.assembledBytes : reader.assembledBytes }

    /// Gives up the message that is arriving: its rest is read and forgotten. Never called while the readers are at work.
    func discardAssembly() {
        if isLengthPrefixed { lengthReader.discard() } else { reader.discard() }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        delegate?.linkReadCompleted(self)
        group.flush()
        if outbox.byteCount > configuration.maxUnreadBytes { holdBack(true) }
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        guard isWritable else { return }
        // A peer that takes bytes is alive, also while nothing is read from it.
        heardSincePing = true
        flush()
        // Draining may have let the owner send more, on this link and on others.
        group.flush()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        ended(.broken)
        // Whoever still knows this link does not keep its memory.
        outbox.removeAll()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A peer that hangs up without the farewell of TLS is gone like any other.
        let isHangUp = error as? NIOSSLError == .uncleanShutdown
        ended(isHangUp ? .broken : LinkCloseReason(code: 1006, text: "\(error)", isRemote: true))
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

    // MARK: Sending

    /// Collects one CBOR message of `length` bytes, which `fill` writes at the pointer it gets.
    @inline(__always)
    package func sendBinary(length: Int, _ fill: (UnsafeMutableRawPointer) -> Void) {
        guard case .open = state else { return }
        if sink != nil { return sendToSink(length: length, fill) }
        sendFrame(.binary, length: length, fill)
    }

    /// Collects one CBOR message made of a short prefix and a large shared payload, which is not copied (unless this end
    /// masks).
    package func sendBinary(prefixLength: Int, payload: ByteBuffer, _ fill: (UnsafeMutableRawPointer) -> Void) {
        guard case .open = state else { return }
        if sink != nil {
            return sendToSink(length: prefixLength &+ payload.readableBytes) { target in
                fill(target)
                payload.withUnsafeReadableBytes {
                    if let base = $0.baseAddress {
                        (target + prefixLength).copyMemory(from: base, byteCount: $0.count)
                    }
                }
            }
        }
        if masksFrames {
            sendFrame(.binary, length: prefixLength &+ payload.readableBytes) { target in
                fill(target)
                payload.withUnsafeReadableBytes {
                    if let base = $0.baseAddress {
                        (target + prefixLength).copyMemory(from: base, byteCount: $0.count)
                    }
                }
            }
            return
        }
        let total = prefixLength &+ payload.readableBytes
        append(headLength: headLength(payload: total), bodyLength: prefixLength) { target in
            let head = writeHead(.binary, length: total, mask: nil, to: target)
            fill(target + head)
        }
        outbox.append(shared: payload)
        noteGrowth()
    }

    /// Collects one JSON-RPC message.
    package func sendText(_ text: ByteBuffer) {
        guard case .open = state, !isLengthPrefixed, sink == nil else { return }
        text.withUnsafeReadableBytes { bytes in
            sendFrame(.text, length: bytes.count) { target in
                if let base = bytes.baseAddress { target.copyMemory(from: base, byteCount: bytes.count) }
            }
        }
    }

    /// Writes one message to memory of the group and shows it to the sink.
    private func sendToSink(length: Int, _ fill: (UnsafeMutableRawPointer) -> Void) {
        group.withSendScratch(length) { scratch in
            if let base = scratch.baseAddress { fill(base) }
            sink?.link(self, sends: UnsafeRawBufferPointer(scratch))
        }
        enlist()
    }

    /// Has the link flushed at the end of this unit of work.
    @inline(__always)
    package func enlist() {
        guard !isEnlisted else { return }
        isEnlisted = true
        group.enlist(self)
    }

    @inline(__always)
    private func sendFrame(_ opcode: WebSocketFrame.Opcode, length: Int, _ fill: (UnsafeMutableRawPointer) -> Void) {
        let mask = masksFrames ? masks.next() : nil
        append(headLength: headLength(payload: length), bodyLength: length) { target in
            let body = target + writeHead(opcode, length: length, mask: mask, to: target)
            fill(body)
            if let mask { WebSocketFrame.applyMask(mask, phase: 0, from: body, to: body, count: length) }
        }
        noteGrowth()
    }

    @inline(__always)
    private func append(headLength: Int, bodyLength: Int, _ fill: (UnsafeMutableRawPointer) -> Void) {
        let total = headLength &+ bodyLength
        if outbox.open == nil {
            outbox.open = group.takeBuffer(context?.channel.allocator ?? ByteBufferAllocator(), minimumBytes: total)
        }
        outbox.open?.writeWithUnsafeMutableBytes(minimumWritableBytes: total) { target in
            if let base = target.baseAddress { fill(base) }
            return total
        }
        enlist()
    }

    @inline(__always)
    private func noteGrowth() {
        if let open = outbox.open, open.readableBytes >= Outbox.chunkBytes { outbox.sealOpenBuffer() }
        if outbox.byteCount > configuration.highWaterMark { isCongested = true }
    }

    @inline(__always)
    private func headLength(payload: Int) -> Int {
        isLengthPrefixed
            ? LengthFrame.headLength(payload: payload)
            : WebSocketFrame.headLength(payload: payload, masked: masksFrames)
    }

    @inline(__always)
    private func writeHead(
        _ opcode: WebSocketFrame.Opcode, length: Int, mask: UInt32?, to target: UnsafeMutableRawPointer
    ) -> Int {
        isLengthPrefixed
            ? LengthFrame.writeHead(length: length, to: target)
            : WebSocketFrame.writeHead(opcode, length: length, mask: mask, to: target)
    }

    /// Hands collected frames to the socket for as long as it takes them.
    func flush() {
        isEnlisted = false
        if let sink { return sink.linkFlushes(self) }
        guard let context, !outbox.isEmpty else { return }
        var didWrite = false
        while isWritable, let chunk = outbox.nextChunk() {
            context.write(wrapOutboundOut(chunk.buffer), promise: nil)
            if !chunk.isShared { group.giveBack(chunk.buffer) }
            didWrite = true
            // Writability can change inside `write`; the property is updated by the channel event it causes.
        }
        if didWrite { context.flush() }
        if isHeldBack, outbox.byteCount <= configuration.lowWaterMark { holdBack(false) }
        if isCongested, outbox.byteCount <= configuration.lowWaterMark {
            isCongested = false
            delegate?.linkDrained(self)
        }
    }

    // MARK: Flow control

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

    private func updateReading() {
        if let sink { return sink.link(self, reads: !isReadPaused && !isHeldBack) }
        try? context?.channel.syncOptions?.setOption(.autoRead, value: !isReadPaused && !isHeldBack)
    }

    // MARK: Liveness and end

    private func schedulePing() {
        guard let interval = configuration.pingInterval, !isLengthPrefixed else { return }
        // A strong reference, given up with the task: a weak one would make every later count of references slow.
        pingTask = eventLoop.assumeIsolated().scheduleTask(in: interval) { self.pingIntervalPassed() }
    }

    private func pingIntervalPassed() {
        guard isOpen else { return }
        silentIntervals = heardSincePing ? 0 : silentIntervals + 1
        if silentIntervals >= 2 {
            ended(LinkCloseReason(code: 1006, text: "no sign of life for two ping intervals", isRemote: true))
            context?.close(promise: nil)
            return
        }
        ping()
        schedulePing()
    }

    /// Sends a ping now; a live peer answers, which shows in `heardSincePing`.
    package func ping() {
        guard isOpen, !isLengthPrefixed, sink == nil else { return }
        heardSincePing = false
        sendFrame(.ping, length: 0) { _ in }
        group.flush()
    }

    /// True when something arrived since the last ping was sent.
    package var wasHeardSincePing: Bool { heardSincePing }

    /// Starts the close handshake; what was sent before still goes out.
    package func close(code: UInt16, reason: String) {
        guard case .open = state else { return }
        if let sink {
            // What was sent before is the sink's to deliver.
            group.flush()
            guard case .open = state else { return }
            state = .closed
            report(LinkCloseReason(code: code, text: reason, isRemote: false))
            return sink.link(self, closes: LinkCloseReason(code: code, text: reason, isRemote: false))
        }
        sendClose(code: code, reason: reason)
        let cause = LinkCloseReason(code: code, text: reason, isRemote: false)
        state = .closing(cause)
        resumeReading()
        holdBack(false)
        group.flush()
        report(cause)
        // There is no answer to wait for: the connection ends when what was sent before is written.
        if isLengthPrefixed { return hangUp() }
        eventLoop.assumeIsolated().scheduleTask(in: configuration.closeTimeout) { self.drop() }
    }

    private func sendClose(code: UInt16, reason: String) {
        guard !isLengthPrefixed else { return }
        // A Close frame holds at most 123 bytes of reason; cut at a character.
        var text = reason
        while text.utf8.count > 120 { text.removeLast() }
        let bytes = Array(text.utf8)
        sendFrame(.close, length: 2 + bytes.count) { target in
            var writer = FrameWriter(target)
            writer.integer(code.bigEndian)
            writer.copy(bytes)
        }
    }

    /// Both Close frames are exchanged: the connection can go once everything is written.
    private func hangUp() {
        group.flush()
        state = .closed
        guard let context, outbox.isEmpty else {
            // A peer that does not read what is queued does not keep the connection for ever.
            eventLoop.assumeIsolated().scheduleTask(in: configuration.closeTimeout) { self.drop() }
            return
        }
        let written = eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in self.drop() }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
    }

    private func drop() {
        outbox.removeAll()
        state = .closed
        context?.close(promise: nil)
    }

    func ended(_ reason: LinkCloseReason) {
        state = .closed
        report(reason)
    }

    /// Tells the delegate once, and lets go of it.
    private func report(_ reason: LinkCloseReason) {
        pingTask?.cancel()
        pingTask = nil
        let delegate = self.delegate
        self.delegate = nil
        delegate?.linkClosed(self, reason: reason)
    }
}
