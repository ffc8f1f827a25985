import FuzzDriver
import NIOCore
import RembusWire

// Any bytes are a JSON value or an error, and what was decoded survives a round trip.
fuzz { start, count in
    let input = ByteBuffer(bytes: UnsafeBufferPointer(start: start, count: count))
    guard let value = try? Value(json: input) else { return 0 }
    var buffer = ByteBuffer()
    value.encodeJSON(into: &buffer)
    precondition((try? Value(json: buffer)) != nil, "what we encode, we decode")
    return 0
}
