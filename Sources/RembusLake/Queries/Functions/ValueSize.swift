/// How large the values of an expression may get, found before it runs: DuckDB keeps no account of what its functions
/// make within a row, so that a short text such as `hex(hex(hex(…)))` could take all memory.
package struct ValueSize: Sendable, Equatable {
    /// How often what the row holds may occur in the value.
    var copies = 0
    /// Bytes that come on top, from literals and from values of fixed size.
    var bytes = 0
    /// Whether a lambda takes something from outside of it into every element.
    var isCaptured = false

    /// Numbers, truth values, times, hashes.
    static let fixed = ValueSize(bytes: 16)
    /// What a column holds.
    static let column = ValueSize(copies: 1)

    /// What one expression may make of a row: at most so many copies of what the row holds, and so many bytes besides.
    static let maximumCopies = 256
    static let maximumBytes = 64 << 10

    var isTooLarge: Bool { copies > Self.maximumCopies || bytes > Self.maximumBytes }

    /// The size of these values one after the other.
    static func sum(_ sizes: some Sequence<ValueSize>) -> ValueSize {
        sizes.reduce(into: ValueSize()) { sum, size in
            sum.copies = sum.copies.saturatingAdd(size.copies)
            sum.bytes = sum.bytes.saturatingAdd(size.bytes)
            sum.isCaptured = sum.isCaptured || size.isCaptured
        }
    }

    /// One of these, whichever it is.
    static func largest(_ sizes: some Sequence<ValueSize>) -> ValueSize {
        sizes.reduce(into: ValueSize()) { largest, size in
            largest.copies = max(largest.copies, size.copies)
            largest.bytes = max(largest.bytes, size.bytes)
            largest.isCaptured = largest.isCaptured || size.isCaptured
        }
    }

    func times(_ factor: Int) -> ValueSize {
        ValueSize(
            copies: copies.saturatingMultiply(factor), bytes: bytes.saturatingMultiply(factor), isCaptured: isCaptured)
    }

    /// A list of this size, of whose elements each becomes something of the size `element`.
    func mapped(to element: ValueSize) -> ValueSize {
        // What is no larger than a number does not let the list grow: its elements take that much room anyway.
        let own = element.bytes <= 64 ? 0 : element.bytes / 16
        return times(max(1, element.copies.saturatingAdd(own)))
    }
}

extension Int {
    fileprivate func saturatingAdd(_ other: Int) -> Int {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? .max : sum
    }

    fileprivate func saturatingMultiply(_ other: Int) -> Int {
        let (product, overflows) = multipliedReportingOverflow(by: other)
        return overflows ? .max : product
    }
}
