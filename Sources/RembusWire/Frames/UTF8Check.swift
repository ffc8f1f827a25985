/// UTF-8 validation with a fast path for ASCII, the usual content of topics and payload texts.
package enum UTF8Check {
    package static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        let count = bytes.count
        while index &+ 8 <= count {
            if bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 {
                return isValidSlowly(bytes, from: index)
            }
            index &+= 8
        }
        while index < count {
            if bytes[index] >= 0x80 { return isValidSlowly(bytes, from: index) }
            index &+= 1
        }
        return true
    }

    private static func isValidSlowly(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Bool {
        var index = start
        let count = bytes.count
        while index < count {
            let lead = bytes[index]
            index &+= 1
            if lead < 0x80 { continue }
            // The first continuation byte has a narrower range after some leads: no overlong forms, no surrogates,
            // nothing above U+10FFFF (RFC 3629 §4).
            var low: UInt8 = 0x80
            var high: UInt8 = 0xBF
            let extra: Int
            switch lead {
            case 0xC2...0xDF: extra = 1
            case 0xE0: (extra, low) = (2, 0xA0)
            case 0xED: (extra, high) = (2, 0x9F)
            case 0xE1...0xEF: extra = 2
            case 0xF0: (extra, low) = (3, 0x90)
            case 0xF4: (extra, high) = (3, 0x8F)
            case 0xF1...0xF3: extra = 3
            default: return false
            }
            guard count &- index >= extra else { return false }
            guard bytes[index] >= low, bytes[index] <= high else { return false }
            for offset in 1..<max(extra, 1) where bytes[index &+ offset] & 0xC0 != 0x80 { return false }
            index &+= extra
        }
        return true
    }
}
