package import NIOCore

extension Link {
    /// Queues one CBOR message of `length` bytes. `fill` writes it at the pointer that it gets.
    @inline(__always)
    package func sendBinary(length: Int, _ fill: (UnsafeMutableRawPointer) -> Void) {
        guard case .open = state else { return }
        if sink != nil { return sendToSink(length: length, fill) }
        sendFrame(.binary, length: length, fill)
    }

    /// Queues one CBOR message that consists of a short prefix and a large shared payload. The payload is not copied,
    /// unless this end masks frames.
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

    /// Queues one JSON-RPC message.
    package func sendText(_ text: ByteBuffer) {
        guard case .open = state, !isLengthPrefixed, sink == nil else { return }
        text.withUnsafeReadableBytes { bytes in
            sendFrame(.text, length: bytes.count) { target in
                if let base = bytes.baseAddress { target.copyMemory(from: base, byteCount: bytes.count) }
            }
        }
    }

    /// Writes one message to memory of the group and passes it to the sink.
    func sendToSink(length: Int, _ fill: (UnsafeMutableRawPointer) -> Void) {
        group.withSendScratch(length) { scratch in
            if let base = scratch.baseAddress { fill(base) }
            sink?.link(self, sends: UnsafeRawBufferPointer(scratch))
        }
        enlist()
    }

    /// Makes sure that the link is flushed at the end of this unit of work.
    @inline(__always)
    package func enlist() {
        guard !isEnlisted else { return }
        isEnlisted = true
        group.enlist(self)
    }

    @inline(__always)
    func sendFrame(_ opcode: WebSocketFrame.Opcode, length: Int, _ fill: (UnsafeMutableRawPointer) -> Void) {
        let mask = masksFrames ? masks.next() : nil
        append(headLength: headLength(payload: length), bodyLength: length) { target in
            let body = target + writeHead(opcode, length: length, mask: mask, to: target)
            fill(body)
            if let mask { WebSocketFrame.applyMask(mask, phase: 0, from: body, to: body, count: length) }
        }
        noteGrowth()
    }

    @inline(__always)
    func append(headLength: Int, bodyLength: Int, _ fill: (UnsafeMutableRawPointer) -> Void) {
        let total = headLength &+ bodyLength
        outbox.makeRoom(for: total)
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
    func noteGrowth() {
        if let open = outbox.open, open.readableBytes >= Outbox.chunkBytes { outbox.sealOpenBuffer() }
        let bytes = outbox.byteCount
        if bytes > configuration.highWaterMark { isCongested = true }
        if bytes &+ handedOver &- countedBytes > LoopMemory.largeBytes { countWaiting() }
    }

    @inline(__always)
    func headLength(payload: Int) -> Int {
        isLengthPrefixed
            ? LengthFrame.headLength(payload: payload)
            : WebSocketFrame.headLength(payload: payload, masked: masksFrames)
    }

    @inline(__always)
    func writeHead(
        _ opcode: WebSocketFrame.Opcode, length: Int, mask: UInt32?, to target: UnsafeMutableRawPointer
    ) -> Int {
        isLengthPrefixed
            ? LengthFrame.writeHead(length: length, to: target)
            : WebSocketFrame.writeHead(opcode, length: length, mask: mask, to: target)
    }
}
