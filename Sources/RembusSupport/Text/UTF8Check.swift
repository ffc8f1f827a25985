/// Checks whether bytes are UTF-8, with a fast path for ASCII, which topics and texts usually are.
package enum UTF8Check {
    /// Whether all bytes are ASCII.
    package static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool { asciiPrefix(bytes, from: 0) == bytes.count }

    /// Whether the bytes are well-formed UTF-8 (RFC 3629 §4): no surrogates, no overlong forms, nothing beyond U+10FFFF.
    package static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let index = asciiPrefix(bytes, from: 0)
        return index == bytes.count || isValidBeyondASCII(bytes, from: index)
    }

    /// The position of the first byte that is not ASCII, from `start` on; the count if there is none.
    private static func asciiPrefix(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        let count = bytes.count
        var index = start
        while index &+ 32 <= count {
            let low =
                bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                | bytes.loadUnaligned(fromByteOffset: index &+ 8, as: UInt64.self)
            let high =
                bytes.loadUnaligned(fromByteOffset: index &+ 16, as: UInt64.self)
                | bytes.loadUnaligned(fromByteOffset: index &+ 24, as: UInt64.self)
            if (low | high) & 0x8080_8080_8080_8080 != 0 { break }
            index &+= 32
        }
        while index &+ 8 <= count,
            bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
            index &+= 8
        }
        while index < count, bytes[index] < 0x80 { index &+= 1 }
        return index
    }

    private static func isValidBeyondASCII(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Bool {
        let count = bytes.count
        var index = start
        while index < count {
            let lead = bytes[index]
            if lead < 0x80 {
                index = asciiPrefix(bytes, from: index)
                continue
            }
            // After some lead bytes the range of the first continuation byte is smaller.
            var (low, high): (UInt8, UInt8) = (0x80, 0xBF)
            let length: Int
            switch lead {
            case 0xC2...0xDF: length = 2
            case 0xE0: (length, low) = (3, 0xA0)
            case 0xED: (length, high) = (3, 0x9F)
            case 0xE1...0xEF: length = 3
            case 0xF0: (length, low) = (4, 0x90)
            case 0xF4: (length, high) = (4, 0x8F)
            case 0xF1...0xF3: length = 4
            default: return false
            }
            guard count &- index >= length, bytes[index &+ 1] >= low, bytes[index &+ 1] <= high else { return false }
            for offset in 2..<max(length, 2) where bytes[index &+ offset] & 0xC0 != 0x80 { return false }
            index &+= length
        }
        return true
    }
}
