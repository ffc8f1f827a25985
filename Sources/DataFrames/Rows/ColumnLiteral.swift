/// The values of a column as they are written in a program, see ``DataFrame/init(_:)``.
public struct ColumnLiteral: Sendable, ExpressibleByArrayLiteral {
    let column: @Sendable (String) throws(DataFrameError) -> Column

    /// Values that are written out: integers, floats, texts, truth values, `nil`, and lists of them.
    public init(arrayLiteral cells: Cell...) {
        column = { name throws(DataFrameError) in
            guard let type = DataType.common(cells.map(\.inferredType)) else {
                throw DataFrameError(.mismatch, "the values of column \(name) are of different types")
            }
            return try RowCollector.column(name, cells, type)
        }
    }

    /// Values of a Swift type that has a column type.
    public init<Element: NativeElement>(_ values: [Element]) { column = { Column($0, values) } }

    /// Values of a Swift type that has a column type, and nulls.
    public init<Element: NativeElement>(_ values: [Element?]) { column = { Column($0, values) } }

    /// Values that are converted to a column type where nothing is lost by it.
    public init<Element: ColumnElement>(_ values: [Element?], type: DataType) {
        column = { name throws(DataFrameError) in try Column(name, values, type: type) }
    }
}

extension DataFrame {
    /// Makes a frame of named columns, in this order.
    ///
    /// ```swift
    /// let frame = try DataFrame(["dn": ["a", "b"], "temperature": [21.5, nil], "level": ColumnLiteral(levels)])
    /// ```
    /// Integers make `int64` columns, floats `float64` ones, texts `utf8` ones. Throws an error if the columns have
    /// different lengths, or the values of one do not go together.
    public init(_ columns: KeyValuePairs<String, ColumnLiteral>) throws(DataFrameError) {
        var made: [Column] = []
        for (name, literal) in columns { made.append(try literal.column(name)) }
        try self.init(columns: made)
    }
}

extension Cell: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByNilLiteral, ExpressibleByDictionaryLiteral
{
    /// An integer.
    public init(integerLiteral value: Int64) { self = .int(value) }
    /// A float.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// A truth value.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A text.
    public init(stringLiteral value: String) { self = .text(value) }
    /// A list.
    public init(arrayLiteral elements: Cell...) { self = .list(elements) }
    /// No value.
    public init(nilLiteral: ()) { self = .null }
    /// A structure with these parts.
    public init(dictionaryLiteral elements: (String, Cell)...) {
        self = .structure(elements.map { Member($0, $1) })
    }
}
