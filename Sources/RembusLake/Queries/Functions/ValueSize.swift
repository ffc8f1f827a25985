/// The largest size of an expression's values, computed before it runs. DuckDB does not count what its functions
/// allocate within a row, so that a short text such as `hex(hex(hex(…)))` could use all memory.
package struct ValueSize: Sendable, Equatable {
    /// How many times the content of the row may occur in the value.
    var copies = 0
    /// Additional bytes, from literals and from values of fixed size.
    var bytes = 0
    /// Whether a lambda puts something from outside of it into every element.
    var isCaptured = false

    /// Numbers, truth values, times, hashes.
    static let fixed = ValueSize(bytes: 16)
    /// The content of a column.
    static let column = ValueSize(copies: 1)

    /// What one expression may make of a row: at most so many copies of the row's content, and so many additional
    /// bytes.
    static let maximumCopies = 256
    static let maximumBytes = 64 << 10

    var isTooLarge: Bool { copies > Self.maximumCopies || bytes > Self.maximumBytes }

    /// The size of these values together.
    static func sum(_ sizes: some Sequence<ValueSize>) -> ValueSize {
        sizes.reduce(into: ValueSize()) { sum, size in
            sum.copies = sum.copies.saturatingAdd(size.copies)
            sum.bytes = sum.bytes.saturatingAdd(size.bytes)
            sum.isCaptured = sum.isCaptured || size.isCaptured
        }
    }

    /// The size of any one of these.
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

    /// A list of this size, of whose elements each becomes a value of the size `element`.
    func mapped(to element: ValueSize) -> ValueSize {
        // A value no larger than a number does not make the list grow, because its elements take that much memory
        // anyway.
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
