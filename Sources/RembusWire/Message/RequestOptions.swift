package import NIOCore

/// The optional sixth element of a request: a map with further options of the caller. Peers that do not know the
/// element, or an entry of it, ignore it (protocol.md §2).
package struct RequestOptions: Sendable, Hashable {
    /// The names of the entries.
    package enum Key {
        package static let timeout = "timeout"
        package static let hops = "hops"
    }

    /// How long the caller waits for the answer, in milliseconds; nil when it sets no limit.
    package var timeout: UInt64?

    /// How many brokers have passed the request on; nil when none has said so.
    package var hops: UInt64?

    package init(timeout: UInt64?, hops: UInt64? = nil) { (self.timeout, self.hops) = (timeout, hops) }

    /// Reads the element. Entries that make no sense are ignored.
    init(_ value: Value?) {
        guard case .map(let map)? = value else { return }
        hops = map[Key.hops]?.uintValue
        guard let given = map[Key.timeout] else { return }
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

    private var entries: [(key: String, value: UInt64)] {
        [(Key.timeout, timeout), (Key.hops, hops)].compactMap { key, value in value.map { (key, $0) } }
    }

    /// How many bytes ``write(_:)`` writes.
    package var encodedLength: Int {
        entries.reduce(1) { $0 + 1 + $1.key.utf8.count + FrameWriter.headLength(Int(clamping: $1.value)) }
    }

    /// Writes the map without a buffer.
    package func write(_ writer: inout FrameWriter) {
        let entries = entries
        writer.head(major: 5, entries.count)
        for entry in entries {
            var key = entry.key
            key.withUTF8 {
                writer.head(major: 3, $0.count)
                writer.copy(UnsafeRawBufferPointer($0))
            }
            writer.head(major: 0, Int(clamping: entry.value))
        }
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
            let key = entry.string(.text)
            var value = inside
            guard inside.skipItem(depth: depth) else { return }
            guard let key, let number = value.head(), number.major == .unsigned else { continue }
            if number.argument > 0, key.elementsEqual(Key.timeout.utf8) { timeout = number.argument }
            if key.elementsEqual(Key.hops.utf8) { hops = number.argument }
        }
    }
}
