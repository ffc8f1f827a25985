/// An immutable table of typed columns over Arrow memory.
///
/// Copies, slices and selections share the memory of the values. A frame goes over the wire as an Arrow IPC stream
/// (docs/spec/protocol.md §5).
public struct DataFrame: Sendable, Equatable {
    /// The columns in order; all have ``rowCount`` rows. Names can occur more than once.
    public let columns: [Column]
    /// How many rows there are.
    public let rowCount: Int
    /// Metadata of the whole frame.
    public let metadata: Metadata

    /// Makes a frame of columns, which must have the same number of rows.
    public init(columns: [Column], metadata: Metadata = [:]) throws(DataFrameError) {
        let count = columns.first?.count ?? 0
        for column in columns where column.count != count {
            throw DataFrameError(
                .mismatch, "column \(column.name) has \(column.count) rows, column \(columns[0].name) \(count)")
        }
        self.init(unchecked: columns, rowCount: count, metadata: metadata)
    }

    /// A frame of columns that are known to have `rowCount` rows.
    init(unchecked columns: [Column], rowCount: Int, metadata: Metadata) {
        self.columns = columns
        self.rowCount = rowCount
        self.metadata = metadata
    }

    /// A frame without columns.
    public static let empty = DataFrame(unchecked: [], rowCount: 0, metadata: [:])
}

extension DataFrame {
    /// How many columns there are.
    public var columnCount: Int { columns.count }
    /// The names of the columns in order.
    public var columnNames: [String] { columns.map(\.name) }
    /// Names, types and metadata of the columns.
    public var schema: Schema { Schema(columns.map(\.field), metadata: metadata) }

    /// The first column with this name.
    public subscript(name: String) -> Column? { columns.first { $0.name == name } }

    /// The first column with this name, or an error that tells which columns there are.
    public func column(_ name: String) throws(DataFrameError) -> Column {
        guard let column = self[name] else {
            throw DataFrameError(
                .mismatch, "there is no column \(name); the columns are \(columnNames.joined(separator: ", "))")
        }
        return column
    }

    /// A part of the rows, without a copy. The range must lie inside.
    public func slice(_ range: Range<Int>) -> DataFrame {
        precondition(range.lowerBound >= 0 && range.upperBound <= rowCount, "A slice must lie inside its frame.")
        return DataFrame(unchecked: columns.map { $0.slice(range) }, rowCount: range.count, metadata: metadata)
    }

    /// At most `count` rows from the start, without a copy.
    public func prefix(_ count: Int) -> DataFrame { slice(0..<min(max(0, count), rowCount)) }

    /// At most `count` rows from the end, without a copy.
    public func suffix(_ count: Int) -> DataFrame { slice(rowCount - min(max(0, count), rowCount)..<rowCount) }

    /// The columns with these names, in this order.
    public func selecting(_ names: [String]) throws(DataFrameError) -> DataFrame {
        var selected: [Column] = []
        for name in names { selected.append(try column(name)) }
        return DataFrame(unchecked: selected, rowCount: rowCount, metadata: metadata)
    }

    /// All columns but those with these names.
    public func dropping(_ names: [String]) -> DataFrame {
        DataFrame(unchecked: columns.filter { !names.contains($0.name) }, rowCount: rowCount, metadata: metadata)
    }

    /// Other names for the columns that `names` has.
    public func renaming(_ names: [String: String]) -> DataFrame {
        let renamed = columns.map { column in names[column.name].map(column.renamed) ?? column }
        return DataFrame(unchecked: renamed, rowCount: rowCount, metadata: metadata)
    }

    /// The frame with one more column, or with `column` in place of the one with its name.
    public func adding(_ column: Column) throws(DataFrameError) -> DataFrame {
        var columns = columns
        if let index = columns.firstIndex(where: { $0.name == column.name }) {
            columns[index] = column
        } else {
            columns.append(column)
        }
        return try DataFrame(columns: columns, metadata: metadata)
    }

    /// The same columns with other metadata.
    public func withMetadata(_ metadata: Metadata) -> DataFrame {
        DataFrame(unchecked: columns, rowCount: rowCount, metadata: metadata)
    }

    /// The rows of several frames with the same columns one behind another, without a copy. Metadata is that of the
    /// first.
    public init(concatenating frames: [DataFrame]) throws(DataFrameError) {
        guard let first = frames.first else {
            self = .empty
            return
        }
        for frame in frames where !frame.hasColumns(of: first) {
            throw DataFrameError(.mismatch, "frames with different columns cannot be put together")
        }
        let columns = first.columns.enumerated().map { number, column in
            Column(column.field, chunks: frames.flatMap { $0.columns[number].chunks })
        }
        self.init(unchecked: columns, rowCount: frames.reduce(0) { $0 + $1.rowCount }, metadata: first.metadata)
    }

    /// Whether names and types are the same.
    private func hasColumns(of other: DataFrame) -> Bool {
        columns.count == other.columns.count
            && zip(columns, other.columns).allSatisfy { $0.name == $1.name && $0.type == $1.type }
    }
}
