import NIOCore
import RembusStore
import RembusTransport
import RembusWire

/// An accepted publication on its way to the subscribers of one lane. Its bytes are a frame in the usual CBOR form.
struct Publication {
    let bytes: UnsafeRawBufferPointer
    let header: FrameHeader
    /// A buffer with the same bytes, which deliveries may share; nil when the publication did not come in one.
    let owner: ByteBuffer?
    let record: RecordHeader
    /// The partition that the publication was recorded in: the lane that received it.
    let partition: Int
    /// The connection that published it; nil for a publication that was read from the store. It is only compared, so an
    /// identifier is enough and no reference is counted.
    let publisher: ObjectIdentifier?
    /// The neighbour that the publication came from; nil when it was published at this broker first.
    let origin: Origin?
    /// A copy of the bytes that deliveries at QoS 1 and 2 keep until they are acknowledged. It is made for the first of
    /// them.
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

    /// The slot that the publisher set, in the low half of the id (protocol.md §4); nil when it set none.
    var slot: UInt32? {
        guard header.flags.hasSlot, header.idLength >= 4 else { return nil }
        return UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: header.idOffset, as: UInt32.self))
    }

    /// - Parameter memory: The account where the kept bytes are counted.
    mutating func retain(_ memory: KeptBytes) -> RetainedPublication {
        if let retained { return retained }
        let copy = RetainedPublication(header: header, buffer: owner ?? ByteBuffer(bytes: bytes), memory: memory)
        retained = copy
        return copy
    }
}

/// The bytes of a publication that are kept so that it can be sent again. All its subscribers share them, and they are
/// counted once.
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

    /// Includes what the object itself takes.
    private var byteCount: Int { buffer.readableBytes + 128 }
}

/// A delivery at QoS 1 or 2 that its subscriber has not acknowledged.
struct PendingDelivery {
    let publication: RetainedPublication
    let subscription: Subscription
    /// When the publication was received, which identifies it in the store.
    let receivedAt: UInt64
    /// The number of the first sending, so that a new connection gets the deliveries in the old order.
    let order: UInt64
    var sentAt: NIODeadline
    var sendCount: Int
}
