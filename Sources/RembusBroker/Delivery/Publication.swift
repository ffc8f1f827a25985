import NIOCore
import RembusStore
import RembusTransport
import RembusWire

/// One accepted publication on its way to the subscribers of one lane. Its bytes are those of the usual CBOR form.
struct Publication {
    let bytes: UnsafeRawBufferPointer
    let header: FrameHeader
    /// A buffer with the same bytes that may be shared, when the publication came in one.
    let owner: ByteBuffer?
    let record: RecordHeader
    /// The partition that the publication was recorded in: the lane that received it.
    let partition: Int
    /// The connection that published it; nil for a publication read back from the store. Only compared, so the identity
    /// does and no reference is counted.
    let publisher: ObjectIdentifier?
    /// nil when it was published at this broker first.
    let origin: Origin?
    /// A copy that deliveries at QoS 1 and 2 keep until they are acknowledged; made for the first of them.
    private var retained: RetainedPublication?

    init(
        bytes: UnsafeRawBufferPointer, header: FrameHeader, owner: ByteBuffer?, record: RecordHeader, partition: Int,
        publisher: ObjectIdentifier?, origin: Origin? = nil
    ) {
        self.bytes = bytes
        self.header = header
        self.owner = owner
        self.record = record
        self.partition = partition
        self.publisher = publisher
        self.origin = origin
    }

    /// The low half of the id when the publisher set a slot (protocol.md §4).
    var slot: UInt32? {
        guard header.flags.hasSlot, header.idLength >= 4 else { return nil }
        return UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: header.idOffset, as: UInt32.self))
    }

    /// - Parameter memory: Where what is kept is counted.
    mutating func retain(_ memory: KeptBytes) -> RetainedPublication {
        if let retained { return retained }
        let copy = RetainedPublication(header: header, buffer: owner ?? ByteBuffer(bytes: bytes), memory: memory)
        retained = copy
        return copy
    }
}

/// The bytes of a publication that are kept for retransmission, shared by all its subscribers and counted once.
final class RetainedPublication: Sendable {
    let header: FrameHeader
    let buffer: ByteBuffer
    private let memory: KeptBytes

    init(header: FrameHeader, buffer: ByteBuffer, memory: KeptBytes) {
        self.header = header
        self.buffer = buffer
        self.memory = memory
        memory.add(byteCount)
    }

    deinit {
        memory.remove(byteCount)
    }

    /// With what an object takes besides.
    private var byteCount: Int { buffer.readableBytes + 128 }
}

/// A delivery at QoS 1 or 2 that its subscriber has not acknowledged.
struct PendingDelivery {
    let publication: RetainedPublication
    let subscription: Subscription
    /// When the publication was received: names it in the store.
    let receivedAt: UInt64
    /// Order of first sending, so that a new connection gets them in the old order.
    let order: UInt64
    var sentAt: NIODeadline
    var sendCount: Int
}
