/// The values of a column as Swift values, read one by one when asked for; nil for null.
public struct ColumnValues<Element: ColumnElement>: Sendable {
    @usableFromInline let chunks: [ArrayData]
    /// The row at which each chunk starts.
    @usableFromInline let starts: [Int]
    /// How many rows there are.
    public let count: Int

    init(_ column: Column) {
        chunks = column.chunks
        starts = column.starts
        count = column.count
    }

    /// The value of a row of a chunk.
    @inlinable
    static func value(_ chunk: ArrayData, _ row: Int) -> Element? {
        // The compiler does not know that the memory of the values lives as long as the chunk does.
        defer { withExtendedLifetime(chunk) {} }
        if case .dictionary = chunk.layout {
            guard let (array, row) = chunk.resolve(row) else { return nil }
            return Element(reading: array, row)
        }
        return chunk.isNull(row) ? nil : Element(reading: chunk, row)
    }
}

extension ColumnValues: RandomAccessCollection {
    /// 0.
    @inlinable public var startIndex: Int { 0 }
    /// The number of rows.
    @inlinable public var endIndex: Int { count }

    /// The value of a row, or nil for null.
    @inlinable
    public subscript(row: Int) -> Element? {
        precondition(row >= 0 && row < count, "A row must lie inside its column.")
        if chunks.count == 1 { return Self.value(chunks[0], row) }
        let number = Column.chunk(of: row, starts)
        return Self.value(chunks[number], row - starts[number])
    }

    /// Goes through the rows in order, faster than by indices where there are several chunks.
    public struct Iterator: IteratorProtocol, Sendable {
        @usableFromInline let chunks: [ArrayData]
        @usableFromInline var chunk: ArrayData?
        @usableFromInline var number = 0
        @usableFromInline var row = 0

        @usableFromInline
        init(_ chunks: [ArrayData]) {
            self.chunks = chunks
            chunk = chunks.first
        }

        /// The value of the next row; nil within the optional for null, nil itself at the end.
        @inlinable
        public mutating func next() -> Element?? {
            while let chunk {
                if row < chunk.length {
                    defer { row += 1 }
                    return .some(ColumnValues.value(chunk, row))
                }
                (number, row) = (number + 1, 0)
                self.chunk = number < chunks.count ? chunks[number] : nil
            }
            return .none
        }
    }

    /// An iterator from the first row on.
    @inlinable
    public func makeIterator() -> Iterator { Iterator(chunks) }
}
