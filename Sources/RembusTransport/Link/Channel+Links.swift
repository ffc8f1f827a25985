package import NIOCore

extension Channel {
    /// Buffer sizes of a connection that carries messages; set after the handshake, so that connections which never
    /// get that far stay small.
    ///
    /// - Parameter memory: What is received into, for connections whose handler gives each buffer back; nil for a buffer
    ///   of their own, which follows the traffic: an idle connection keeps a small one.
    package func setUpForLink(receivingInto memory: ReceiveMemory? = nil) throws {
        if let memory {
            try syncOptions?.setOption(.recvAllocator, value: SharedReceiveAllocator(memory, eventLoop: eventLoop))
            try syncOptions?.setOption(.maxMessagesPerRead, value: 1)
        } else {
            try syncOptions?.setOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 2048, maximum: 256 << 10))
        }
        // What waits here is out of the reach of every policy: enough to keep the socket busy, and no more.
        try syncOptions?.setOption(
            .writeBufferWaterMark, value: .init(low: 128 << 10, high: 512 << 10))
    }

    /// Puts a link on a connection whose handshakes are done.
    package func install(_ link: Link, isEncrypted: Bool) throws {
        // What TLS hands over has left the memory that was received into.
        try setUpForLink(receivingInto: isEncrypted ? nil : link.group.receiveMemory)
        try pipeline.syncOperations.addHandler(link)
    }
}
