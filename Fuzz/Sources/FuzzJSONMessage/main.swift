import FuzzDriver
import NIOCore
import RembusWire

// Any bytes are a JSON-RPC message or an error, and what was decoded survives a round trip.
fuzz { start, count in
    let input = ByteBuffer(bytes: UnsafeBufferPointer(start: start, count: count))
    var dialect = JSONDialect()
    guard let message = try? Message(json: input, dialect: &dialect) else { return 0 }
    var buffer = ByteBuffer()
    message.encodeJSON(into: &buffer, dialect: dialect)
    precondition((try? Message(json: buffer, dialect: &dialect)) != nil, "what we encode, we decode")
    return 0
}
