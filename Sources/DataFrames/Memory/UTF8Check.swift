/// Checks bytes to be UTF-8.
enum UTF8Check {
    /// Whether all bytes are ASCII, eight at a time.
    static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool { asciiPrefix(bytes, from: 0) == bytes.count }

    /// Where the first byte that is not ASCII is, from a position on; the count if there is none.
    private static func asciiPrefix(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while index + 32 <= bytes.count {
            let low =
                bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                | bytes.loadUnaligned(fromByteOffset: index + 8, as: UInt64.self)
            let high =
                bytes.loadUnaligned(fromByteOffset: index + 16, as: UInt64.self)
                | bytes.loadUnaligned(fromByteOffset: index + 24, as: UInt64.self)
            if (low | high) & 0x8080_8080_8080_8080 != 0 { break }
            index += 32
        }
        while index < bytes.count, bytes[index] < 0x80 { index += 1 }
        return index
    }

    /// Whether the bytes are well-formed UTF-8: no surrogates, nothing longer than needed, nothing beyond U+10FFFF.
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = asciiPrefix(bytes, from: 0)
        while index < bytes.count {
            let first = bytes[index]
            if first < 0x80 {
                index = asciiPrefix(bytes, from: index)
                continue
            }
            let count: Int
            var second: ClosedRange<UInt8> = 0x80...0xBF
            switch first {
            case 0xC2...0xDF: count = 2
            case 0xE0: (count, second) = (3, 0xA0...0xBF)
            case 0xED: (count, second) = (3, 0x80...0x9F)
            case 0xE1...0xEF: count = 3
            case 0xF0: (count, second) = (4, 0x90...0xBF)
            case 0xF1...0xF3: count = 4
            case 0xF4: (count, second) = (4, 0x80...0x8F)
            default: return false
            }
            guard index + count <= bytes.count, second.contains(bytes[index + 1]) else { return false }
            for next in 2..<max(2, count) where bytes[index + next] & 0xC0 != 0x80 { return false }
            index += count
        }
        return true
    }
}
