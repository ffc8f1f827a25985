package import NIOCore

extension Channel {
    /// Sets the buffer sizes of a connection that carries messages. They are set after the handshake, so that
    /// connections that fail before stay small.
    ///
    /// - Parameter memory: The memory to receive into, for connections whose handler returns each buffer. nil for a
    ///   buffer of their own, which follows the traffic and is small for an idle connection.
    package func setUpForLink(receivingInto memory: ReceiveMemory? = nil) throws {
        if let memory {
            try syncOptions?.setOption(.recvAllocator, value: SharedReceiveAllocator(memory, eventLoop: eventLoop))
            try syncOptions?.setOption(.maxMessagesPerRead, value: 1)
        } else {
            try syncOptions?.setOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 2048, maximum: 256 << 10))
        }
        // No policy reaches the bytes that wait here, so there are just enough to keep the socket busy.
        try syncOptions?.setOption(
            .writeBufferWaterMark, value: .init(low: 128 << 10, high: 512 << 10))
    }

    /// Adds a link to a connection whose handshakes are finished.
    package func install(_ link: Link, isEncrypted: Bool) throws {
        // Decrypted bytes are not in the memory that was received into.
        try setUpForLink(receivingInto: isEncrypted ? nil : link.group.receiveMemory)
        try pipeline.syncOperations.addHandler(link)
    }
}
