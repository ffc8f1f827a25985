/// A named column of a frame: values of one type, in one or more chunks.
///
/// Immutable, and cheap to copy: copies and slices share the memory.
public struct Column: Sendable {
    /// Name, type and metadata.
    public let field: Field
    /// The pieces that the values lie in. None of them is empty; but a column without rows may have one that is, for
    /// its dictionary.
    public let chunks: [ArrayData]
    /// The row at which each chunk starts.
    let starts: [Int]
    /// How many rows there are.
    public let count: Int

    /// Puts chunks together; all of them must have the type of the field.
    init(_ field: Field, chunks: [ArrayData]) {
        self.field = field
        let filled = chunks.filter { $0.length > 0 }
        self.chunks = filled.isEmpty ? Array(chunks.prefix(1)) : filled
        var (starts, row) = ([Int](), 0)
        starts.reserveCapacity(self.chunks.count)
        for chunk in self.chunks {
            starts.append(row)
            row += chunk.length
        }
        (self.starts, count) = (starts, row)
    }

    /// The name of the field.
    public var name: String { field.name }
    /// The type of the field.
    public var type: DataType { field.type }

    /// How many rows are null.
    public var nullCount: Int { chunks.reduce(0) { $0 + $1.nullCount } }

    /// Whether a row is null; a dictionary-encoded one also if its dictionary value is null.
    public func isNull(_ row: Int) -> Bool {
        let (chunk, row) = locate(row)
        return chunk.resolve(row) == nil
    }

    /// The value of a row, whatever the type.
    public func cell(_ row: Int) -> Cell {
        let (chunk, row) = locate(row)
        return chunk.cell(row)
    }

    /// The chunk that has a row, and the row's number within it. A row outside the column traps.
    public func locate(_ row: Int) -> (chunk: ArrayData, row: Int) {
        precondition(row >= 0 && row < count, "A row must lie inside its column.")
        let number = chunks.count == 1 ? 0 : Column.chunk(of: row, starts)
        return (chunks[number], row - starts[number])
    }

    /// The number of the chunk that has a row: the last one that does not start behind it.
    @usableFromInline
    static func chunk(of row: Int, _ starts: [Int]) -> Int {
        var (low, high) = (0, starts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= row { low = middle } else { high = middle }
        }
        return low
    }
}

extension Column {
    /// The values as `type`, or an error if the column's type does not fit; see the documentation of
    /// The conformances to ``ColumnElement``: which Swift type reads which column types.
    public func values<Element: ColumnElement>(as type: Element.Type) throws(DataFrameError) -> ColumnValues<Element> {
        // A dictionary may have a dictionary as its values.
        var source = self.type
        while case .dictionary(_, let value, _) = source { source = value }
        guard Element.isReadable(from: source) else {
            throw DataFrameError(.mismatch, "column \(name) is \(self.type), which cannot be read as \(Element.self)")
        }
        return ColumnValues(self)
    }

    /// The values as `type`, like ``values(as:)``.
    public subscript<Element: ColumnElement>(type: Element.Type) -> ColumnValues<Element> {
        get throws(DataFrameError) { try values(as: type) }
    }

    /// The values as cells, which exist for every type.
    public var cells: ColumnValues<Cell> { ColumnValues(self) }

    /// The lists of a column of lists, fixed-size lists or maps, as arrays that share the memory; nil for null.
    ///
    /// An array becomes a column, to read its values, with ``Column/init(_:array:)``.
    public func lists() -> some RandomAccessCollection<ArrayData?> {
        (0..<count).lazy.map { row in
            let (chunk, row) = locate(row)
            return chunk.elements(row)
        }
    }

    /// The fields of a column of structures as columns, or nil for other types. Where a structure is null, its fields
    /// mean nothing.
    public var members: [Column]? {
        guard case .structure(let fields) = type else { return nil }
        return fields.enumerated().map { number, field in
            Column(field, chunks: chunks.compactMap { $0.member(number) })
        }
    }

    /// A part of the rows, without a copy. The range must lie inside.
    public func slice(_ range: Range<Int>) -> Column {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "A slice must lie inside its column.")
        if range.count == count { return self }
        if range.isEmpty { return Column(field, chunks: chunks.prefix(1).map { $0.slice(0..<0) }) }
        var parts: [ArrayData] = []
        var number = Column.chunk(of: range.lowerBound, starts)
        while number < chunks.count, starts[number] < range.upperBound {
            let part = range.clamped(to: starts[number]..<starts[number] + chunks[number].length)
            parts.append(chunks[number].slice(part.lowerBound - starts[number]..<part.upperBound - starts[number]))
            number += 1
        }
        return Column(field, chunks: parts)
    }

    /// The same values under another name.
    public func renamed(_ name: String) -> Column {
        var field = field
        field.name = name
        return Column(field, chunks: chunks)
    }

    /// The same values with other metadata.
    public func withMetadata(_ metadata: Metadata) -> Column {
        var field = field
        field.metadata = metadata
        return Column(field, chunks: chunks)
    }

    /// Gives access to the numbers of each chunk as they lie in memory, without a copy; what lies at null rows means
    /// nothing.
    ///
    /// The column's type must be exactly ``NativeElement/columnType`` of `type`, or a date, time, timestamp or duration
    /// that is such a number in memory.
    public func withUnsafeValues<Element: FixedWidthElement>(
        as type: Element.Type, _ body: (UnsafeBufferPointer<Element>) throws -> Void
    ) throws {
        let number = Element.columnType.number
        guard self.type == Element.columnType || number != .other && number == self.type.number else {
            throw DataFrameError(.mismatch, "column \(name) is \(self.type), not made of \(Element.self)")
        }
        for chunk in chunks {
            let start = (chunk.values.base + chunk.offset * MemoryLayout<Element>.size)
                .assumingMemoryBound(to: Element.self)
            try body(UnsafeBufferPointer(start: start, count: chunk.length))
            withExtendedLifetime(chunk) {}
        }
    }
}

extension Column: Equatable {
    /// Equal if field and values are, however they are cut into chunks. NaN is equal to NaN here.
    public static func == (left: Column, right: Column) -> Bool {
        guard left.field == right.field, left.count == right.count else { return false }
        if left.count == 0 { return true }
        var (one, other) = (left.chunks[...], right.chunks[...])
        while let first = one.first, let second = other.first {
            let count = min(first.length, second.length)
            guard first.slice(0..<count).hasSameValues(as: second.slice(0..<count)) else { return false }
            one = first.length == count ? one.dropFirst() : [first.slice(count..<first.length)] + one.dropFirst()
            other =
                second.length == count ? other.dropFirst() : [second.slice(count..<second.length)] + other.dropFirst()
        }
        return true
    }
}
