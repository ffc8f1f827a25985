package import NIOCore

/// The optional sixth element of a request: a map of what the caller wants beyond the call itself. Peers that do not know
/// the element, or an entry of it, ignore it (protocol.md §2).
package struct RequestOptions: Sendable, Hashable {
    /// The names of the entries.
    package enum Key {
        package static let timeout = "timeout"
    }

    /// How long the caller waits for the answer, in milliseconds; nil when it does not say.
    package var timeout: UInt64?

    package init(timeout: UInt64?) { self.timeout = timeout }

    /// What a received element says. Anything that makes no sense counts as not said.
    init(_ value: Value?) {
        guard case .map(let map)? = value, let given = map[Key.timeout] else { return }
        if let number = given.uintValue {
            timeout = number
        } else if let number = given.doubleValue, number >= 0 {
            timeout = UInt64(exactly: number.rounded(.up)) ?? .max
        }
        // Zero is no time at all, so it cannot be meant.
        if timeout == 0 { timeout = nil }
    }

    /// The map as it is sent.
    package func encodeCBOR(into buffer: inout ByteBuffer) {
        let length = encodedLength
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { target in
            guard let base = target.baseAddress else { return 0 }
            var writer = FrameWriter(base)
            write(&writer)
            return length
        }
    }

    /// How many bytes ``write(_:)`` writes.
    package var encodedLength: Int {
        guard let timeout else { return 1 }
        return 1 + 1 + Key.timeout.utf8.count + FrameWriter.headLength(Int(clamping: timeout))
    }

    /// The same without a buffer.
    package func write(_ writer: inout FrameWriter) {
        guard let timeout else { return writer.byte(0xA0) }
        writer.byte(0xA1)
        var key = Key.timeout
        key.withUTF8 {
            writer.head(major: 3, $0.count)
            writer.copy(UnsafeRawBufferPointer($0))
        }
        writer.head(major: 0, Int(clamping: timeout))
    }
}

extension RequestOptions {
    /// Reads the element where a frame has it, building nothing for what it does not know; false when it is malformed.
    init?(_ scanner: inout CBORScanner, depth: Int) {
        let start = scanner.offset
        guard scanner.skipItem(depth: depth) else { return nil }
        var inside = scanner
        inside.offset = start
        guard let head = inside.head(), head.major == .map, !head.isIndefinite else { return }
        for _ in 0..<head.argument {
            var entry = inside
            guard inside.skipItem(depth: depth) else { return }
            let isTimeout = entry.string(.text).map { $0.elementsEqual(Key.timeout.utf8) } ?? false
            var value = inside
            guard inside.skipItem(depth: depth) else { return }
            if isTimeout, let number = value.head(), number.major == .unsigned, number.argument > 0 {
                timeout = number.argument
            }
        }
    }
}
