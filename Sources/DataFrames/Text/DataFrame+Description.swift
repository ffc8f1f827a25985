extension DataFrame: CustomStringConvertible {
    /// The frame as a table: at most ten rows and eight columns, in lines of at most 100 characters. See
    /// ``formatted(maxRows:maxColumns:width:textLength:)``.
    public var description: String { formatted() }

    /// The frame as a table of text, in the way of Polars: shape, names, types, and the first and last rows.
    ///
    /// ```
    /// shape: (2, 2)
    /// ┌─────┬─────────────┐
    /// │ dn  ┆ temperature │
    /// │ --- ┆ ---         │
    /// │ str ┆ f64         │
    /// ╞═════╪═════════════╡
    /// │ s1  ┆ 21.5        │
    /// │ s2  ┆ null        │
    /// └─────┴─────────────┘
    /// ```
    /// - Parameters:
    ///   - maxRows: More rows than this are cut in the middle.
    ///   - maxColumns: More columns than this are cut in the middle.
    ///   - width: How many columns of a terminal a line may take; wide values wrap, and columns in the middle are left
    ///     out if that is not enough. Nil for any number.
    ///   - textLength: Texts with more characters than this are cut.
    public func formatted(
        maxRows: Int = 10, maxColumns: Int = 8, width: Int? = 100, textLength: Int = 30
    ) -> String {
        let limits = TableLimits(
            rows: max(1, maxRows), columns: max(1, maxColumns), width: width, textLength: max(1, textLength))
        return FrameTable(limits: limits).text(of: self)
    }
}
