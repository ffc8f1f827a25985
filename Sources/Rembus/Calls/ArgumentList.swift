import NIOCore

/// The arguments of a publication or a call, in the encoding of a connection.
///
/// Received arguments stay encoded until they are read, and are decoded on the thread that reads them.
public struct ArgumentList: Sendable {
    enum Storage: Sendable {
        /// CBOR items without the head of their array.
        case items(ByteBuffer, count: Int)
        case values([Value])
    }

    var storage: Storage

    /// An empty list to append to.
    init(_ encoding: MessageEncoding) {
        switch encoding {
        case .cbor: storage = .items(ByteBuffer(), count: 0)
        case .json: storage = .values([])
        }
    }

    init(_ storage: Storage) { self.storage = storage }

    init(_ values: [Value], encoding: MessageEncoding) {
        self.init(encoding)
        for value in values { append(value) }
    }

    /// The number of arguments.
    public var count: Int {
        switch storage {
        case .items(_, let count): count
        case .values(let values): values.count
        }
    }

    /// The arguments, decoded.
    public var values: [Value] {
        switch storage {
        case .values(let values): return values
        case .items(var bytes, let count):
            var values: [Value] = []
            values.reserveCapacity(Swift.min(count, 1024))
            for _ in 0..<count {
                // The bytes were checked when they were received, so they are well-formed and not nested too deep for
                // the decoder.
                guard let value = try? Value.decode(cbor: &bytes, limits: .received) else { break }
                values.append(value)
            }
            return values
        }
    }

    /// An estimate of the memory that the list takes, in bytes.
    var byteCount: Int {
        switch storage {
        case .items(let bytes, _): bytes.readableBytes
        // Values that came as JSON are small structures, so a rough figure is enough for a limit.
        case .values(let values): values.count * 64
        }
    }

    mutating func append(_ value: Value) {
        switch storage {
        case .items(var bytes, let count):
            // Taking the buffer out keeps it uniquely referenced, so that appending does not copy it.
            storage = .values([])
            value.encodeCBOR(into: &bytes)
            storage = .items(bytes, count: count + 1)
        case .values(var values):
            storage = .values([])
            values.append(value)
            storage = .values(values)
        }
    }

    /// Splits off the first argument if it is a text: in a wildcard delivery it is the real topic (behaviour.md §6.2).
    func droppingTopic() -> (topic: String, rest: ArgumentList)? {
        switch storage {
        case .values(let values):
            guard let topic = values.first?.stringValue else { return nil }
            return (topic, ArgumentList(.values(Array(values.dropFirst()))))
        case .items(var bytes, let count):
            guard count > 0, let topic = (try? Value.decode(cbor: &bytes, limits: .received))?.stringValue else {
                return nil
            }
            return (topic, ArgumentList(.items(bytes, count: count - 1)))
        }
    }
}

extension DecodingLimits {
    /// Limits for bytes whose size and form were checked when they were received.
    static let received = DecodingLimits(maxDepth: 80, maxItems: .max, maxBytes: .max)
}
