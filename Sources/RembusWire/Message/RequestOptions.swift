package import NIOCore

/// The optional sixth element of a request: a map with further options of the caller. Peers that do not know the
/// element, or an entry of it, ignore it (protocol.md §2).
package struct RequestOptions: Sendable, Hashable {
    /// The names of the entries.
    package enum Key {
        package static let timeout = "timeout"
    }

    /// How long the caller waits for the answer, in milliseconds; nil when it sets no limit.
    package var timeout: UInt64?

    package init(timeout: UInt64?) { self.timeout = timeout }

    /// Reads the element. Entries that make no sense are ignored.
    init(_ value: Value?) {
        guard case .map(let map)? = value, let given = map[Key.timeout] else { return }
        if let number = given.uintValue {
            timeout = number
        } else if let number = given.doubleValue, number >= 0 {
            timeout = UInt64(exactly: number.rounded(.up)) ?? .max
        }
        // A limit of zero makes no sense.
        if timeout == 0 { timeout = nil }
    }

    /// Writes the map.
    package func encodeCBOR(into buffer: inout ByteBuffer) {
        let length = encodedLength
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { target in
            guard let base = target.baseAddress else { return 0 }
            var writer = FrameWriter(base)
            write(&writer)
            return length
        }
    }

    /// The number of bytes that ``write(_:)`` writes.
    package var encodedLength: Int {
        guard let timeout else { return 1 }
        return 1 + 1 + Key.timeout.utf8.count + FrameWriter.headLength(Int(clamping: timeout))
    }

    /// Writes the map without a buffer.
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
    /// Reads the element of a frame, without building unknown entries. nil when it is malformed.
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
