import NIOCore

/// The limits of a decoder, so that hostile input can exhaust neither the stack nor the memory.
public struct DecodingLimits: Sendable, Hashable {
    /// The deepest nesting of arrays, maps and tags. Default 64; deeper input is refused.
    public var maxDepth: Int

    /// The largest total number of items, counting map keys and values separately. Default 16 777 216.
    public var maxItems: Int

    /// The largest input in bytes. Default 62 914 560, the message size of docs/spec/protocol.md §1.1.
    public var maxBytes: Int

    /// Makes limits. The defaults are those of ``standard``.
    public init(maxDepth: Int = 64, maxItems: Int = 16_777_216, maxBytes: Int = 62_914_560) {
        self.maxDepth = maxDepth
        self.maxItems = maxItems
        self.maxBytes = maxBytes
    }

    /// The default limits.
    public static let standard = DecodingLimits()
}

extension DecodingLimits {
    /// Calls `body` with the readable bytes of `buffer`, after checking their number.
    func withBytes<R>(
        of buffer: ByteBuffer, _ body: (UnsafeRawBufferPointer) throws(WireError) -> R
    ) throws(WireError) -> R {
        guard buffer.readableBytes <= maxBytes else {
            throw WireError(.limitExceeded, "The input is larger than \(maxBytes) bytes.")
        }
        return try buffer.withUnsafeReadableBytes { bytes in
            // The closure of NIO rethrows untyped errors, so a typed error is carried in a result.
            Result { () throws(WireError) in try body(bytes) }
        }.get()
    }
}

/// What a decoder may still use of its limits.
struct DecodingBudget {
    private var itemsLeft: Int
    private let maxDepth: Int

    init(_ limits: DecodingLimits) {
        itemsLeft = limits.maxItems
        maxDepth = limits.maxDepth
    }

    /// Counts one item.
    mutating func takeItem(at offset: Int) throws(WireError) {
        itemsLeft -= 1
        if itemsLeft < 0 { throw WireError(.limitExceeded, "The input has too many items.", offset: offset) }
    }

    /// Throws when a container inside of `depth` others would be nested too deep.
    func enter(depth: Int, at offset: Int) throws(WireError) {
        if depth >= maxDepth { throw WireError(.limitExceeded, "The input is nested too deeply.", offset: offset) }
    }
}
