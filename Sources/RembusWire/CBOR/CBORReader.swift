package import NIOCore

/// Reads CBOR items from raw bytes. Byte strings become slices of the buffer that holds the bytes.
package struct CBORReader {
    private let bytes: UnsafeRawBufferPointer
    private let source: ByteBuffer
    private var budget: DecodingBudget
    package private(set) var position = 0

    /// Makes a reader for the readable bytes of `source`, which `bytes` must point to.
    package init(_ bytes: UnsafeRawBufferPointer, of source: ByteBuffer, limits: DecodingLimits) {
        self.bytes = bytes
        self.source = source
        budget = DecodingBudget(limits)
    }

    /// The next byte without reading it; nil at the end.
    package var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Reads the head of an item.
    package mutating func readHead() throws(WireError) -> CBORHead {
        try budget.takeItem(at: position)
        return try CBORHead(bytes, at: &position)
    }

    /// Reads one item that lies inside `depth` containers.
    package mutating func readValue(depth: Int = 0) throws(WireError) -> Value {
        let start = position
        let head = try readHead()
        switch head.major {
        case .unsigned: return Value(unsigned: head.argument)
        case .negative: return Value(negative: head.argument)
        case .bytes: return .bytes(try readBytes(head))
        case .text: return .text(try readText(head))
        case .array:
            try budget.enter(depth: depth, at: start)
            return .array(try readArray(head, depth: depth + 1))
        case .map:
            try budget.enter(depth: depth, at: start)
            return .map(try readMap(head, depth: depth + 1))
        case .tag:
            try budget.enter(depth: depth, at: start)
            return Value(tag: head.argument, content: try readValue(depth: depth + 1))
        case .simple: return try readSimple(head, start: start)
        }
    }

    /// Reads a break when it is next.
    package mutating func skipBreak() throws(WireError) -> Bool {
        guard let next else { throw CBORHead.truncated(at: position) }
        guard next == CBORHead.breakByte else { return false }
        position += 1
        return true
    }

    /// Reads a definite byte string of 8 bytes, the usual message id, and returns its little-endian value; nil when
    /// there is another item.
    package mutating func readWord() throws(WireError) -> UInt64? {
        guard next == CBORMajor.bytes.rawValue << 5 | 8, bytes.count - position > 8 else { return nil }
        try budget.takeItem(at: position)
        defer { position += 9 }
        return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position + 1, as: UInt64.self))
    }
}

// MARK: - Strings

extension CBORReader {
    /// Moves over `count` bytes and returns where they start.
    private mutating func take(_ count: UInt64) throws(WireError) -> Range<Int> {
        guard count <= UInt64(bytes.count - position) else { throw CBORHead.truncated(at: bytes.count) }
        let start = position
        position += Int(count)
        return start..<position
    }

    private mutating func readBytes(_ head: CBORHead) throws(WireError) -> ByteBuffer {
        if head.isIndefinite {
            var joined = ByteBuffer()
            try readChunks(.bytes) { reader, chunk throws(WireError) in
                joined.writeBytes(UnsafeRawBufferPointer(rebasing: reader.bytes[try reader.take(chunk.argument)]))
            }
            return joined
        }
        let range = try take(head.argument)
        // The range was checked against the readable bytes, so the slice exists.
        return source.getSlice(at: source.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }

    private mutating func readText(_ head: CBORHead) throws(WireError) -> String {
        if head.isIndefinite {
            var joined = ""
            try readChunks(.text) { reader, chunk throws(WireError) in joined += try reader.readText(chunk) }
            return joined
        }
        let range = try take(head.argument)
        guard let text = String(validating: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self) else {
            throw WireError(.invalidUTF8, "The text is not valid UTF-8.", offset: range.lowerBound)
        }
        return text
    }

    /// Calls `readOne` with the head of each chunk of a string of indefinite length, to read the chunk.
    private mutating func readChunks(
        _ major: CBORMajor, _ readOne: (inout CBORReader, CBORHead) throws(WireError) -> Void
    ) throws(WireError) {
        while try !skipBreak() {
            let start = position
            let head = try readHead()
            guard head.major == major, !head.isIndefinite else {
                throw WireError(.malformed, "The chunk of a string has another type.", offset: start)
            }
            try readOne(&self, head)
        }
    }
}

// MARK: - Containers and simple values

extension CBORReader {
    /// Refuses a count for which there are too few bytes, before memory is allocated.
    private func checkedCount(_ head: CBORHead, bytesPerElement: UInt64) throws(WireError) -> UInt64 {
        guard head.argument <= UInt64(bytes.count - position) / bytesPerElement else {
            throw CBORHead.truncated(at: bytes.count)
        }
        return head.argument
    }

    /// Memory for more elements than this is not allocated in advance, but only when the elements arrive.
    private static var trustedCount: UInt64 { 1024 }

    private mutating func readArray(_ head: CBORHead, depth: Int) throws(WireError) -> [Value] {
        var elements: [Value] = []
        if head.isIndefinite {
            while try !skipBreak() { elements.append(try readValue(depth: depth)) }
        } else {
            let count = try checkedCount(head, bytesPerElement: 1)
            elements.reserveCapacity(Int(min(count, Self.trustedCount)))
            for _ in 0..<count { elements.append(try readValue(depth: depth)) }
        }
        return elements
    }

    private mutating func readMap(_ head: CBORHead, depth: Int) throws(WireError) -> ValueMap {
        var pairs: [ValueMap.Pair] = []
        if head.isIndefinite {
            while try !skipBreak() { pairs.append(try readPair(depth: depth)) }
        } else {
            let count = try checkedCount(head, bytesPerElement: 2)
            pairs.reserveCapacity(Int(min(count, Self.trustedCount)))
            for _ in 0..<count { pairs.append(try readPair(depth: depth)) }
        }
        return ValueMap(pairs: pairs)
    }

    private mutating func readPair(depth: Int) throws(WireError) -> ValueMap.Pair {
        let key = try readValue(depth: depth)
        return ValueMap.Pair(key: key, value: try readValue(depth: depth))
    }

    private func readSimple(_ head: CBORHead, start: Int) throws(WireError) -> Value {
        switch head.info {
        case 20: return .bool(false)
        case 21: return .bool(true)
        case 22: return .null
        case 23: return .undefined
        case 25: return .float(Double(halfBits: UInt16(truncatingIfNeeded: head.argument)))
        case 26: return .float(Double(Float(bitPattern: UInt32(truncatingIfNeeded: head.argument))))
        case 27: return .float(Double(bitPattern: head.argument))
        case CBORHead.indefinite: throw WireError(.malformed, "A break stands outside an item.", offset: start)
        default: return .simple(UInt8(truncatingIfNeeded: head.argument))
        }
    }
}

extension Value {
    /// A tagged item. Big integers are converted; all others are kept as they are.
    fileprivate init(tag: UInt64, content: Value) {
        switch (tag, content) {
        case (Tag.positiveBigInteger, .bytes(let magnitude)):
            self.init(bigInteger: BigInteger(magnitude: magnitude.readableBytesView))
        case (Tag.negativeBigInteger, .bytes(let magnitude)):
            self.init(bigInteger: BigInteger(isNegative: true, magnitude: magnitude.readableBytesView))
        default:
            self = .tagged(tag, content)
        }
    }
}

extension Double {
    /// Converts an IEEE 754 half-precision number. `Float16` does not exist on every platform.
    package init(halfBits bits: UInt16) {
        let fraction = Double(bits & 0x3FF)
        let magnitude: Double =
            switch bits >> 10 & 0x1F {
            case 0: fraction * 0x1p-24
            case 31: fraction == 0 ? .infinity : .nan
            case let exponent: (fraction + 1024) * Double(sign: .plus, exponent: Int(exponent) - 25, significand: 1)
            }
        self = bits & 0x8000 == 0 ? magnitude : -magnitude
    }
}
