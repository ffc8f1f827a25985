import NIOCore

extension Value {
    /// The number of bytes that ``encodeCBOR(into:)`` appends, computed without writing them.
    package var encodedCBORLength: Int {
        switch self {
        case .null, .undefined, .bool, .simple(24...31): 1
        case .integer(let value): Self.headLength(UInt64(bitPattern: value >= 0 ? value : ~value))
        case .unsigned(let value), .negative(let value): Self.headLength(value)
        case .bigInteger(let value): value.encodedCBORLength
        case .float(let value): value.isFinite ? 9 : 3
        case .text(let text): Self.stringLength(text.utf8.count)
        case .bytes(let bytes): Self.stringLength(bytes.readableBytes)
        case .array(let elements):
            elements.reduce(Self.headLength(UInt64(elements.count))) { $0 + $1.encodedCBORLength }
        case .map(let map):
            map.pairs.reduce(Self.headLength(UInt64(map.count))) {
                $0 + $1.key.encodedCBORLength + $1.value.encodedCBORLength
            }
        case .tagged(let tag, let content): Self.headLength(tag) + content.encodedCBORLength
        case .simple(let number): Self.headLength(UInt64(number))
        }
    }

    fileprivate static func stringLength(_ count: Int) -> Int { FrameWriter.headLength(count) + count }

    fileprivate static func headLength(_ argument: UInt64) -> Int {
        FrameWriter.headLength(Int(exactly: argument) ?? .max)
    }
}

extension BigInteger {
    fileprivate var encodedCBORLength: Int {
        if let word { return Value.headLength(word) }
        // The tags 2 and 3 have heads of one byte.
        return 1 + Value.stringLength(magnitude.count)
    }
}
