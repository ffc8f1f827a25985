/// A zero-copy walk over CBOR bytes: reads item heads and skips whole items, building nothing.
///
/// The broker relays payloads as slices, so it must know where an item ends and that its bytes are well formed (a peer
/// never receives broken CBOR through us), but not what it means. Every read is bounds-checked against the buffer that
/// the scanner was made from; the scanner must not outlive that buffer.
package struct CBORScanner {
    /// An item head: major type, the raw additional-information bits and the argument they stand for.
    package struct Head {
        package var major: UInt8
        package var info: UInt8
        package var argument: UInt64

        /// True for indefinite-length strings, arrays and maps, and for the break code.
        package var isIndefinite: Bool { info == 31 }
    }

    package let base: UnsafeRawPointer
    package let end: Int
    package var offset: Int

    package init(_ bytes: UnsafeRawBufferPointer, offset: Int = 0) {
        // An empty buffer may have no base; `end == 0` keeps every read away from this placeholder.
        self.base = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
        self.end = bytes.count
        self.offset = offset
    }

    package var isAtEnd: Bool { offset >= end }

    package func peek() -> UInt8? {
        offset < end ? base.load(fromByteOffset: offset, as: UInt8.self) : nil
    }

    /// Reads one head and advances behind it; nil when the bytes are cut short or use a reserved encoding.
    @inline(__always)
    package mutating func head() -> Head? {
        guard offset < end else { return nil }
        let initial = base.load(fromByteOffset: offset, as: UInt8.self)
        let major = initial >> 5
        let info = initial & 0x1F
        if info < 24 {
            offset &+= 1
            return Head(major: major, info: info, argument: UInt64(info))
        }
        return longHead(major: major, info: info)
    }

    private mutating func longHead(major: UInt8, info: UInt8) -> Head? {
        let width: Int
        switch info {
        case 24: width = 1
        case 25: width = 2
        case 26: width = 4
        case 27: width = 8
        case 31:
            // Only strings, arrays, maps and the break have an indefinite form (RFC 8949 §3.2).
            guard major >= 2, major != 6 else { return nil }
            offset &+= 1
            return Head(major: major, info: info, argument: 0)
        default: return nil
        }
        guard end &- offset > width else { return nil }
        var argument: UInt64 = 0
        for index in 1...width {
            argument = argument << 8 | UInt64(base.load(fromByteOffset: offset &+ index, as: UInt8.self))
        }
        // RFC 8949 §3.3: simple values below 32 have no two-byte form.
        if major == 7, info == 24, argument < 32 { return nil }
        offset &+= 1 &+ width
        return Head(major: major, info: info, argument: argument)
    }

    /// Skips one well-formed item; false when it is malformed, cut short, nested deeper than `depth`, or holds text
    /// that is not UTF-8.
    package mutating func skipItem(depth: Int) -> Bool {
        guard let head = head() else { return false }
        switch head.major {
        case 0, 1: return true
        case 2, 3:
            return head.isIndefinite
                ? skipChunks(major: head.major) : skipString(isText: head.major == 3, count: head.argument)
        case 4: return skipItems(head, perEntry: 1, depth: depth)
        case 5: return skipItems(head, perEntry: 2, depth: depth)
        case 6: return depth > 0 && skipItem(depth: depth &- 1)
        default: return !head.isIndefinite
        }
    }

    private mutating func skipString(isText: Bool, count: UInt64) -> Bool {
        guard count <= UInt64(end &- offset) else { return false }
        let length = Int(truncatingIfNeeded: count)
        let start = offset
        offset &+= length
        return !isText || UTF8Check.isValid(UnsafeRawBufferPointer(start: base + start, count: length))
    }

    private mutating func skipChunks(major: UInt8) -> Bool {
        while let head = head() {
            if head.major == 7 && head.isIndefinite { return true }
            guard head.major == major, !head.isIndefinite,
                skipString(isText: major == 3, count: head.argument)
            else { return false }
        }
        return false
    }

    private mutating func skipItems(_ head: Head, perEntry: UInt64, depth: Int) -> Bool {
        guard depth > 0 else { return false }
        if head.isIndefinite {
            var count: UInt64 = 0
            while let next = peek() {
                if next == 0xFF {
                    offset &+= 1
                    return count % perEntry == 0
                }
                guard skipItem(depth: depth &- 1) else { return false }
                count &+= 1
            }
            return false
        }
        // Each item takes at least one byte, so a count beyond the bytes left is a lie; checked before looping on it.
        guard head.argument <= UInt64(end &- offset) else { return false }
        var remaining = head.argument &* perEntry
        while remaining > 0 {
            guard skipItem(depth: depth &- 1) else { return false }
            remaining &-= 1
        }
        return true
    }
}

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
