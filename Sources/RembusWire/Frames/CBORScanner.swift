import RembusSupport

/// Scans CBOR bytes without copying: reads item heads and skips whole items, building no values.
///
/// The broker relays payloads as slices. So it has to know where an item ends and that its bytes are well-formed (the
/// broker never passes on broken CBOR), but not what they mean. Every read is bounds-checked against the buffer that
/// the scanner was made from. The scanner must not outlive that buffer.
package struct CBORScanner {
    package let base: UnsafeRawPointer
    package let end: Int
    package var offset: Int

    package init(_ bytes: UnsafeRawBufferPointer, offset: Int = 0) {
        // An empty buffer may have no base address. With `end == 0` this placeholder is never read.
        self.base = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
        self.end = bytes.count
        self.offset = offset
    }

    package var isAtEnd: Bool { offset >= end }

    package func peek() -> UInt8? {
        offset < end ? base.load(fromByteOffset: offset, as: UInt8.self) : nil
    }

    /// Reads one head and advances; nil when the bytes are truncated or use a reserved encoding.
    @inline(__always)
    package mutating func head() -> CBORHead? { CBORHead(base, end: end, offset: &offset) }

    /// Reads a string of this type with a definite length, and advances; nil when there is none, and then the offset is
    /// undefined. Text is not checked to be UTF-8.
    @inline(__always)
    package mutating func string(_ major: CBORMajor) -> UnsafeRawBufferPointer? {
        guard let head = head(), head.major == major, !head.isIndefinite else { return nil }
        return content(head)
    }

    /// The content of the string whose head was just read, with the offset advanced; nil when the bytes are truncated.
    @inline(__always)
    package mutating func content(_ head: CBORHead) -> UnsafeRawBufferPointer? {
        guard head.argument <= UInt64(end &- offset) else { return nil }
        let content = UnsafeRawBufferPointer(start: base + offset, count: Int(truncatingIfNeeded: head.argument))
        offset &+= content.count
        return content
    }

    /// Skips one well-formed item. Returns false when it is malformed, truncated, nested deeper than `depth`, or
    /// contains text that is not UTF-8.
    package mutating func skipItem(depth: Int) -> Bool {
        guard let head = head() else { return false }
        switch head.major {
        case .unsigned, .negative: return true
        case .bytes, .text: return head.isIndefinite ? skipChunks(head.major) : skipString(head)
        case .array: return skipItems(head, perEntry: 1, depth: depth)
        case .map: return skipItems(head, perEntry: 2, depth: depth)
        case .tag: return depth > 0 && skipItem(depth: depth &- 1)
        case .simple: return !head.isIndefinite
        }
    }

    private mutating func skipString(_ head: CBORHead) -> Bool {
        guard let content = content(head) else { return false }
        return head.major == .bytes || UTF8Check.isValid(content)
    }

    private mutating func skipChunks(_ major: CBORMajor) -> Bool {
        while let head = head() {
            if head.major == .simple && head.isIndefinite { return true }
            guard head.major == major, !head.isIndefinite, skipString(head) else { return false }
        }
        return false
    }

    private mutating func skipItems(_ head: CBORHead, perEntry: UInt64, depth: Int) -> Bool {
        guard depth > 0 else { return false }
        if head.isIndefinite {
            var count: UInt64 = 0
            while let next = peek() {
                if next == CBORHead.breakByte {
                    offset &+= 1
                    return count % perEntry == 0
                }
                guard skipItem(depth: depth &- 1) else { return false }
                count &+= 1
            }
            return false
        }
        // Each item takes at least one byte, so a count beyond the remaining bytes is wrong. This is checked before the
        // loop.
        guard head.argument <= UInt64(end &- offset) else { return false }
        var remaining = head.argument &* perEntry
        while remaining > 0 {
            guard skipItem(depth: depth &- 1) else { return false }
            remaining &-= 1
        }
        return true
    }
}
