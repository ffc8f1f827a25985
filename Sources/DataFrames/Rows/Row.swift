/// One row of a frame, for code that does not know its type beforehand.
///
/// ```swift
/// for row in frame.rows {
///     if let level = try row["temperature", as: Double.self] { … }
/// }
/// ```
/// A row shares the memory of its frame and reads a value when it is asked for.
public struct Row: Sendable {
    let columns: RowColumns
    /// The number of the row in its frame.
    public let number: Int

    /// The names of the columns, in order.
    public var names: [String] { columns.columns.map(\.name) }

    /// The value in the first column with this name; nil if there is none. Where the frame has null it is
    /// ``Cell/null``.
    public subscript(name: String) -> Cell? { columns.positions[name].map { columns.columns[$0].cell(number) } }

    /// The value in the column at a position, which must exist.
    public subscript(position: Int) -> Cell { columns.columns[position].cell(number) }

    /// The value in the first column with this name as `type`, nil for null.
    ///
    /// Throws an error if there is no such column, or its type does not fit; see ``ColumnElement``.
    public subscript<Element: ColumnElement>(name: String, as type: Element.Type) -> Element? {
        get throws(DataFrameError) {
            guard let position = columns.positions[name] else {
                throw DataFrameError(
                    .mismatch, "there is no column \(name); the columns are \(names.joined(separator: ", "))")
            }
            return try columns.columns[position].values(as: type)[number]
        }
    }

    /// The row as a value of a type whose properties are named like the columns; see ``DataFrame/decode(rows:)``.
    public func decode<T: Decodable>(as type: T.Type = T.self) throws -> T {
        try DecodedRows<T>(columns, number + 1).decode(number)
    }
}

/// The rows of a frame.
public struct Rows: RandomAccessCollection, Sendable {
    private let columns: RowColumns
    /// The number of rows.
    public let endIndex: Int
    /// The number of the first row, 0.
    public var startIndex: Int { 0 }

    init(_ frame: DataFrame) {
        columns = RowColumns(frame)
        endIndex = frame.rowCount
    }

    /// The row with this number, which must exist.
    public subscript(number: Int) -> Row {
        precondition(number >= 0 && number < endIndex, "A row must lie inside its frame.")
        return Row(columns: columns, number: number)
    }
}

extension DataFrame {
    /// The rows, without a copy.
    public var rows: Rows { Rows(self) }

    /// All values of a row by the names of their columns. The row must exist.
    public func row(at number: Int) -> [String: Cell] {
        Dictionary(columns.map { ($0.name, $0.cell(number)) }, uniquingKeysWith: { first, _ in first })
    }

    /// The values of the first column with this name; nil for null.
    ///
    /// ```swift
    /// let mean = try frame["temperature", as: Double.self].compactMap(\.self).reduce(0, +) / Double(frame.rowCount)
    /// ```
    /// Throws an error if there is no such column, or its type does not fit; see ``ColumnElement``.
    public subscript<Element: ColumnElement>(name: String, as type: Element.Type) -> ColumnValues<Element> {
        get throws(DataFrameError) { try column(name).values(as: type) }
    }
}
