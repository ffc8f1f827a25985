import NIOCore
import RembusWire

/// Makes the CBOR message of a header and a body, without parsing the body.
enum PartJoiner {
    /// Appends the message to `target`. Returns false, and leaves `target` unchanged, when the header is malformed.
    static func join(
        header: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer, into target: inout ByteBuffer
    ) -> Bool {
        var scanner = CBORScanner(header)
        var first = scanner.head()
        while let head = first, head.major == .tag, head.argument == Value.Tag.selfDescribed { first = scanner.head() }
        guard let array = first, array.major == .array,
            array.isIndefinite || array.argument <= Framing.maxElements
        else { return false }
        let start = scanner.offset
        guard let type = scanner.head(), type.major == .unsigned else { return false }
        let layout = PartLayout.of(type: type.argument)
        var elements = Elements(count: 1, expected: array.isIndefinite ? nil : Int(array.argument))
        guard let index = layout.payloadIndex else {
            guard elements.skip(&scanner, until: nil) else { return false }
            write(head: elements.count, header[start..<elements.end(scanner)], into: &target)
            return true
        }
        guard elements.skip(&scanner, until: index) else { return false }
        let front = header[start..<elements.end(scanner)]
        let missing = index - elements.count
        // A request without a target may be answered by any provider. Nothing else may be missing.
        guard missing == 0 || (missing == 1 && type.argument & 0x0F == 2) else { return false }
        guard layout.isRaw else {
            write(head: index + 1, front, into: &target)
            if missing == 1 { target.writeInteger(Framing.null) }
            if body.isEmpty { target.writeInteger(Framing.null) } else { target.writeBytes(body) }
            return true
        }
        let rest = scanner.offset
        guard elements.skip(&scanner, until: nil) else { return false }
        write(head: elements.count + 1, front, into: &target)
        target.writeCBORHead(.bytes, UInt64(body.count))
        target.writeBytes(body)
        target.writeBytes(
            UnsafeRawBufferPointer(rebasing: header[min(rest, elements.end(scanner))..<elements.end(scanner)]))
        return true
    }

    private static func write(
        head count: Int, _ elements: Slice<UnsafeRawBufferPointer>, into target: inout ByteBuffer
    ) {
        target.writeCBORHead(.array, UInt64(count))
        target.writeBytes(UnsafeRawBufferPointer(rebasing: elements))
    }
}

/// Skips elements of a header, whose array may have an indefinite length.
private struct Elements {
    private(set) var count: Int
    /// The number of elements; nil for an indefinite length.
    let expected: Int?
    private var breakAt: Int?

    init(count: Int, expected: Int?) {
        self.count = count
        self.expected = expected
    }

    /// Skips elements up to `limit`, or to the end. Returns false when the bytes are malformed.
    mutating func skip(_ scanner: inout CBORScanner, until limit: Int?) -> Bool {
        while limit.map({ count < $0 }) ?? true, breakAt == nil, expected.map({ count < $0 }) ?? true {
            if expected == nil, scanner.peek() == CBORHead.breakByte {
                breakAt = scanner.offset
                return true
            }
            guard count < Framing.maxElements, scanner.skipItem(depth: FrameHeader.maxDepth) else { return false }
            count += 1
        }
        return true
    }

    /// The offset behind the elements that were skipped.
    func end(_ scanner: CBORScanner) -> Int { breakAt ?? scanner.offset }
}
