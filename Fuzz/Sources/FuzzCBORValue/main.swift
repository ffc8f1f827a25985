import FuzzDriver
import NIOCore
import RembusWire

// Any bytes are a CBOR value or an error, and what was decoded survives a round trip.
fuzz { start, count in
    let input = ByteBuffer(bytes: UnsafeBufferPointer(start: start, count: count))
    guard let value = try? Value(cbor: input) else { return 0 }
    var buffer = ByteBuffer()
    value.encodeCBOR(into: &buffer)
    precondition((try? Value(cbor: buffer)) != nil, "what we encode, we decode")
    return 0
}
