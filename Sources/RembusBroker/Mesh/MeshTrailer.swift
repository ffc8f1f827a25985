import RembusSupport
import RembusWire

/// What brokers of this kind say about a publication that they pass on: which broker took it first and when, which tells it
/// from all others, and how often it was passed on.
///
/// It travels as a CBOR array behind the frame, through routes and store, and goes only to brokers that have said that they
/// read it: to everybody else a publication ends with its frame.
struct MeshTrailer: Equatable {
    /// The broker that the publication was published at.
    let origin: UInt64
    /// When that broker received it, nanoseconds since the epoch; no two publications of a broker have the same.
    let receivedAt: UInt64
    /// How many brokers have passed it on.
    var hops: UInt8
    /// Whether it was published before the connection that carries it was made, or before it was asked for: only for those
    /// who want the past.
    var isPast: Bool

    static let encodedLength = 1 + 9 + 9 + 1 + 1
    /// Publications that have come further are dropped.
    static let maxHops: UInt8 = 16

    init(origin: UInt64, receivedAt: UInt64, hops: UInt8 = 1, isPast: Bool = false) {
        self.origin = origin
        self.receivedAt = receivedAt
        self.hops = hops
        self.isPast = isPast
    }

    /// Reads what is behind a frame; nil for what is no such trailer.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.encodedLength, bytes[0] == 0x84, bytes[1] == 0x1B, bytes[10] == 0x1B, bytes[19] < 24,
            bytes[20] & 0xFE == 0xF4
        else { return nil }
        origin = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
        receivedAt = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 11, as: UInt64.self))
        hops = bytes[19]
        isPast = bytes[20] == 0xF5
    }

    /// That of a whole message whose frame ends at `end`.
    @inline(__always)
    init?(_ message: UnsafeRawBufferPointer, behind end: Int) {
        guard message.count &- end == Self.encodedLength else { return nil }
        self.init(UnsafeRawBufferPointer(rebasing: message[end...]))
    }

    /// Writes ``encodedLength`` bytes.
    func write(to target: UnsafeMutableRawPointer) {
        target.storeBytes(of: 0x84, as: UInt8.self)
        target.storeBytes(of: 0x1B, toByteOffset: 1, as: UInt8.self)
        target.storeBytes(of: origin.bigEndian, toByteOffset: 2, as: UInt64.self)
        target.storeBytes(of: 0x1B, toByteOffset: 10, as: UInt8.self)
        target.storeBytes(of: receivedAt.bigEndian, toByteOffset: 11, as: UInt64.self)
        target.storeBytes(of: min(hops, 23), toByteOffset: 19, as: UInt8.self)
        target.storeBytes(of: isPast ? 0xF5 : 0xF4, toByteOffset: 20, as: UInt8.self)
    }
}
