/// Functions on bitmaps: bit `i` is bit `i & 7` of byte `i >> 3`, as Arrow has it.
enum Bitmap {
    /// The bytes that so many bits take.
    static func byteCount(_ bits: Int) -> Int { (bits >> 3) &+ (bits & 7 == 0 ? 0 : 1) }

    /// How many of `count` bits from bit `start` on are set. All of them must be inside.
    static func setBits(in buffer: ArrowBuffer, from start: Int, count: Int) -> Int {
        var (index, end, sum) = (start, start + count, 0)
        while index < end, index & 7 != 0 {
            if buffer.bit(index) { sum += 1 }
            index += 1
        }
        while end - index >= 64 {
            sum &+= buffer.base.loadUnaligned(fromByteOffset: index >> 3, as: UInt64.self).nonzeroBitCount
            index += 64
        }
        while index < end {
            if buffer.bit(index) { sum += 1 }
            index += 1
        }
        return sum
    }

    /// The bits from `start` on as a bitmap that starts with them; a slice where that is possible.
    static func slice(_ buffer: ArrowBuffer, from start: Int, count: Int) -> ArrowBuffer {
        let size = byteCount(count)
        guard start & 7 != 0, count > 0 else { return buffer.slice(count == 0 ? 0 : start >> 3, size) }
        let memory = ArrowMemory(capacity: size)
        let (first, shift) = (start >> 3, UInt64(start & 7))
        // Nine source bytes make eight; the last of the source may not exist.
        let available = buffer.count - first
        var index = 0
        while index + 8 <= size, index + 9 <= available {
            let low = buffer.base.loadUnaligned(fromByteOffset: first + index, as: UInt64.self)
            let high = UInt64(buffer.base.load(fromByteOffset: first + index + 8, as: UInt8.self))
            memory.base.storeBytes(of: low >> shift | high << (64 - shift), toByteOffset: index, as: UInt64.self)
            index += 8
        }
        while index < size {
            let low = UInt16(buffer.base.load(fromByteOffset: first + index, as: UInt8.self))
            let high = index + 1 < available ? buffer.base.load(fromByteOffset: first + index + 1, as: UInt8.self) : 0
            let both = (low | UInt16(high) << 8) >> UInt16(shift)
            memory.base.storeBytes(of: UInt8(truncatingIfNeeded: both), toByteOffset: index, as: UInt8.self)
            index += 1
        }
        return memory.buffer(count: size)
    }
}

/// Writes a bitmap bit by bit.
struct BitmapBuilder: ~Copyable {
    private var bytes = BufferBuilder()
    private var pending: UInt8 = 0
    private(set) var count = 0
    /// How many of the bits are not set.
    private(set) var clear = 0

    mutating func append(_ bit: Bool) {
        if bit { pending |= 1 << UInt8(count & 7) } else { clear += 1 }
        count += 1
        if count & 7 == 0 {
            bytes.append(pending)
            pending = 0
        }
    }

    /// The bits; the builder is empty afterwards.
    mutating func finish() -> ArrowBuffer {
        if count & 7 != 0 { bytes.append(pending) }
        (pending, count, clear) = (0, 0, 0)
        return bytes.finish()
    }
}
