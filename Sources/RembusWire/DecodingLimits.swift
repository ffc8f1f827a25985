import NIOCore

/// What a decoder accepts at most, so that a hostile peer can exhaust neither the stack nor the memory.
public struct DecodingLimits: Sendable, Hashable {
    /// The deepest nesting of arrays, maps and tags. Default 64; deeper input is refused.
    public var maxDepth: Int

    /// The largest total number of items, counting map keys and values separately. Default 16 777 216.
    public var maxItems: Int

    /// The largest input in bytes. Default 62 914 560, the message size of docs/spec/protocol.md §1.1.
    public var maxBytes: Int

    /// Makes limits; each default is the one of ``standard``.
    public init(maxDepth: Int = 64, maxItems: Int = 16_777_216, maxBytes: Int = 62_914_560) {
        self.maxDepth = maxDepth
        self.maxItems = maxItems
        self.maxBytes = maxBytes
    }

    /// The limits used when nothing else is asked for.
    public static let standard = DecodingLimits()
}

extension DecodingLimits {
    /// Gives the readable bytes of `buffer` to a decoder, after checking their number.
    func withBytes<R>(
        of buffer: ByteBuffer, _ body: (UnsafeRawBufferPointer) throws(WireError) -> R
    ) throws(WireError) -> R {
        guard buffer.readableBytes <= maxBytes else {
            throw WireError(.limitExceeded, "The input is larger than \(maxBytes) bytes.")
        }
        return try buffer.withUnsafeReadableBytes { bytes in
            // The closure of NIO rethrows untyped errors; the result carries the type across.
            Result { () throws(WireError) in try body(bytes) }
        }.get()
    }
}

/// The part of the limits that one decoder has not used up yet.
struct DecodingBudget {
    private var itemsLeft: Int
    private let maxDepth: Int

    init(_ limits: DecodingLimits) {
        itemsLeft = limits.maxItems
        maxDepth = limits.maxDepth
    }

    /// Accounts for one item.
    mutating func takeItem(at offset: Int) throws(WireError) {
        itemsLeft -= 1
        if itemsLeft < 0 { throw WireError(.limitExceeded, "The input has too many items.", offset: offset) }
    }

    /// Refuses to enter a container that already lies inside `depth` others when that is too deep.
    func enter(depth: Int, at offset: Int) throws(WireError) {
        if depth >= maxDepth { throw WireError(.limitExceeded, "The input is nested too deeply.", offset: offset) }
    }
}
