package import NIOCore

/// The server's end of a WebSocket that carries a stream of bytes in binary frames, whose boundaries have no meaning.
///
/// Bytes are passed on as they come, so a frame of any length takes no memory.
package final class WebSocketBytesHandler: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private var reader = WebSocketReader(expectsMask: true, maxMessageBytes: .max, streams: true)
    private var isClosing = false
    private let onViolation: () -> Void

    /// The number of bytes that are unmasked at a time.
    private static let pieceBytes = 16 << 10

    /// - Parameter onViolation: Called when the peer breaks the rules of WebSocket, before the connection is closed.
    package init(onViolation: @escaping () -> Void = {}) {
        self.onViolation = onViolation
    }

    // MARK: From the peer

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        let received = unwrapInboundIn(data)
        var content = context.channel.allocator.buffer(capacity: received.readableBytes)
        var end: (code: UInt16?, reason: String)?
        received.withUnsafeReadableBytes { bytes in
            withUnsafeTemporaryAllocation(byteCount: Self.pieceBytes, alignment: 32) { scratch in
                do throws(WebSocketViolation) {
                    try reader.feed(bytes, scratch: scratch) { event in
                        switch event {
                        case .message(let piece, .binary, _): content.writeBytes(piece)
                        case .message: end = (1003, "only binary frames are spoken here")
                        case .ping(let payload): write(.pong, payload, context)
                        case .pong: break
                        case .close(let code, _): end = (code, "")
                        }
                        return end == nil
                    }
                } catch {
                    onViolation()
                    end = (error.code, error.text)
                }
            }
        }
        if content.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(content)) }
        if let end { close(context, end.code, end.reason) }
    }

    // MARK: To the peer

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let bytes = unwrapOutboundIn(data)
        guard !isClosing, bytes.readableBytes > 0 else {
            promise?.succeed()
            return
        }
        context.write(wrapOutboundOut(Self.head(.binary, bytes.readableBytes)), promise: nil)
        context.write(wrapOutboundOut(bytes), promise: promise)
    }

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .all, !isClosing, context.channel.isActive {
            isClosing = true
            write(.close, [0x03, 0xE8], context)
        }
        context.close(mode: mode, promise: promise)
    }

    private func close(_ context: ChannelHandlerContext, _ code: UInt16?, _ reason: String) {
        guard !isClosing else { return }
        isClosing = true
        var payload: [UInt8] = []
        if let code {
            payload = [UInt8(code >> 8), UInt8(truncatingIfNeeded: code)]
            payload += reason.utf8.prefix(WebSocketFrame.maxControlPayload - 2)
        }
        let channel = context.channel
        write(.close, payload, context) { channel.close(promise: nil) }
    }

    private func write(
        _ opcode: WebSocketFrame.Opcode, _ payload: some Collection<UInt8>, _ context: ChannelHandlerContext,
        _ whenWritten: (@Sendable () -> Void)? = nil
    ) {
        var frame = Self.head(opcode, payload.count)
        frame.writeBytes(payload)
        let promise = whenWritten.map { _ in context.eventLoop.makePromise(of: Void.self) }
        if let whenWritten { promise?.futureResult.whenComplete { _ in whenWritten() } }
        context.writeAndFlush(wrapOutboundOut(frame), promise: promise)
    }

    private static func head(_ opcode: WebSocketFrame.Opcode, _ length: Int) -> ByteBuffer {
        var head = ByteBuffer()
        head.writeWithUnsafeMutableBytes(minimumWritableBytes: WebSocketFrame.maxHeadLength) { target in
            guard let base = target.baseAddress else { return 0 }
            return WebSocketFrame.writeHead(opcode, length: length, mask: nil, to: base)
        }
        return head
    }
}
