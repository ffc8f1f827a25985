import FuzzDriver
import NIOCore
import RembusWire

// Any bytes are a binary message or an error, and what was decoded survives a round trip.
fuzz { start, count in
    let input = ByteBuffer(bytes: UnsafeBufferPointer(start: start, count: count))
    guard let message = try? Message(cbor: input) else { return 0 }
    var buffer = ByteBuffer()
    message.encodeCBOR(into: &buffer)
    precondition((try? Message(cbor: buffer)) != nil, "what we encode, we decode")
    return 0
}
