import NIOCore
import RembusSupport
import RembusWire

/// Turns plain JSON into CBOR in one pass, without values in between.
///
/// Plain is what telemetry is: texts without escapes, integers that fit 18 digits, other numbers of up to 15 digits, which a float
/// holds, objects whose keys differ.
/// Everything else, malformed texts included, is left to the decoder of values: the outcome is the same, only slower.
struct JSONTranscoder {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var buffer: ByteBuffer

    /// Deeper JSON is not plain.
    private static let maxDepth = 32
    /// More members are not plain: their keys are compared with each other.
    private static let maxMembers = 32

    private init(_ bytes: UnsafeRawBufferPointer, _ buffer: ByteBuffer) {
        self.bytes = bytes
        self.buffer = buffer
    }

    /// Appends the arguments that a payload means, an array of them; false, and nothing is appended, when it is not plain.
    static func writeArguments(
        of payload: UnsafeRawBufferPointer, isOneArgument: Bool, into buffer: inout ByteBuffer
    ) -> Bool {
        let start = buffer.writerIndex
        // Moved in and out, so that the memory has one owner all the time.
        var transcoder = JSONTranscoder(payload, buffer)
        buffer = ByteBuffer()
        transcoder.skipBlanks()
        let isList = transcoder.peek() == UInt8(ascii: "[") && !isOneArgument
        if !isList { transcoder.buffer.writeInteger(0x81 as UInt8) }
        var isDone = transcoder.value(depth: 0)
        transcoder.skipBlanks()
        isDone = isDone && transcoder.position == payload.count
        buffer = transcoder.buffer
        if !isDone { buffer.moveWriterIndex(to: start) }
        return isDone
    }

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func value(depth: Int) -> Bool {
        switch peek() {
        case UInt8(ascii: "{"): object(depth: depth)
        case UInt8(ascii: "["): array(depth: depth)
        case UInt8(ascii: "\""): text() != nil
        case UInt8(ascii: "t"): literal("true", 0xF5)
        case UInt8(ascii: "f"): literal("false", 0xF4)
        case UInt8(ascii: "n"): literal("null", 0xF6)
        default: number()
        }
    }

    private mutating func literal(_ word: StaticString, _ item: UInt8) -> Bool {
        let count = word.utf8CodeUnitCount
        guard bytes.count - position >= count else { return false }
        for index in 0..<count where bytes[position + index] != word.utf8Start[index] { return false }
        position += count
        buffer.writeInteger(item)
        return true
    }

    // MARK: Lists

    private mutating func array(depth: Int) -> Bool {
        guard depth < Self.maxDepth else { return false }
        let head = openList(0x80)
        var count = 0
        guard !closes(UInt8(ascii: "]")) else { return true }
        while true {
            skipBlanks()
            guard value(depth: depth + 1) else { return false }
            count += 1
            if closes(UInt8(ascii: "]")) { break }
            guard takes(UInt8(ascii: ",")) else { return false }
        }
        closeList(head, 0x80, count)
        return true
    }

    private mutating func object(depth: Int) -> Bool {
        guard depth < Self.maxDepth else { return false }
        let head = openList(0xA0)
        guard !closes(UInt8(ascii: "}")) else { return true }
        var keys: [Range<Int>] = []
        while true {
            skipBlanks()
            guard peek() == UInt8(ascii: "\""), let key = text(), keys.count < Self.maxMembers, isNew(key, among: keys)
            else { return false }
            keys.append(key)
            skipBlanks()
            guard takes(UInt8(ascii: ":")) else { return false }
            skipBlanks()
            guard value(depth: depth + 1) else { return false }
            if closes(UInt8(ascii: "}")) { break }
            guard takes(UInt8(ascii: ",")) else { return false }
        }
        closeList(head, 0xA0, keys.count)
        return true
    }

    /// Of equal keys the last would win, which is not known before the end.
    private func isNew(_ key: Range<Int>, among keys: [Range<Int>]) -> Bool {
        for known in keys where known.count == key.count {
            if bytes[known].elementsEqual(bytes[key]) { return false }
        }
        return true
    }

    private mutating func openList(_ major: UInt8) -> Int {
        position += 1
        buffer.writeInteger(major)
        return buffer.writerIndex - 1
    }

    /// Writes the number of elements into the head, which is one byte for fewer than 24: more move what was written.
    private mutating func closeList(_ head: Int, _ major: UInt8, _ count: Int) {
        guard count >= 24 else {
            buffer.setInteger(major | UInt8(count), at: head)
            return
        }
        let length = buffer.writerIndex - head - 1
        let elements = buffer.getSlice(at: head + 1, length: length).map { ByteBuffer(bytes: $0.readableBytesView) }
        buffer.moveWriterIndex(to: head)
        buffer.writeCBORHead(major == 0x80 ? .array : .map, UInt64(count))
        if let elements { buffer.writeImmutableBuffer(elements) }
    }

    private mutating func closes(_ byte: UInt8) -> Bool {
        skipBlanks()
        return takes(byte)
    }

    private mutating func takes(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    // MARK: Texts and numbers

    /// Where the bytes of a text lie; nil for one with escapes, control characters or broken UTF-8.
    private mutating func text() -> Range<Int>? {
        let start = position + 1
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
            guard bytes[end] >= 0x20, bytes[end] != UInt8(ascii: "\\") else { return nil }
            end += 1
        }
        guard end < bytes.count else { return nil }
        let content = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        guard UTF8Check.isValid(content) else { return nil }
        buffer.writeCBORHead(.text, UInt64(content.count))
        buffer.writeBytes(content)
        position = end + 1
        return start..<end
    }

    private mutating func number() -> Bool {
        let start = position
        let isNegative = takes(UInt8(ascii: "-"))
        var magnitude: Int64 = 0
        guard let count = digits(&magnitude), count <= 18 else { return false }
        // No number begins with a zero that is not alone.
        guard count == 1 || bytes[position - count] != UInt8(ascii: "0") else { return false }
        let isWhole = peek() != UInt8(ascii: ".") && peek() != UInt8(ascii: "e") && peek() != UInt8(ascii: "E")
        if isWhole {
            // A negative zero is for the decoder of values to judge.
            guard !isNegative || magnitude > 0 else { return false }
            buffer.writeCBORHead(isNegative ? .negative : .unsigned, UInt64(isNegative ? magnitude - 1 : magnitude))
            return true
        }
        var ignored: Int64 = 0
        var digitCount = count
        if takes(UInt8(ascii: ".")) {
            guard let fraction = digits(&ignored) else { return false }
            digitCount += fraction
        }
        if takes(UInt8(ascii: "e")) || takes(UInt8(ascii: "E")) {
            _ = takes(UInt8(ascii: "-")) || takes(UInt8(ascii: "+"))
            if digits(&ignored) == nil { return false }
        }
        // More digits may be more than a float has.
        guard digitCount <= 15 else { return false }
        let text = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
        guard let number = Double(text), number.isFinite else { return false }
        buffer.writeCBORFloat(number)
        return true
    }

    /// Reads digits and counts them; nil when there are none. The sum means something for up to 18 of them.
    private mutating func digits(_ sum: inout Int64) -> Int? {
        let start = position
        while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            sum = sum &* 10 &+ Int64(byte - UInt8(ascii: "0"))
            position += 1
        }
        return position > start ? position - start : nil
    }
}
