extension Column {
    /// A column of the type that belongs to the element: `Column("level", [1.5, nil])` is a `float64` column.
    @inlinable
    public init<Element: NativeElement>(_ name: String, _ values: [Element?]) {
        self.init(name, array: Element.array(values))
    }

    /// A column without nulls, of the type that belongs to the element.
    @inlinable
    public init<Element: NativeElement>(_ name: String, _ values: [Element]) {
        self.init(name, array: Element.array(values.map(Optional.some)))
    }

    /// A column of numbers without nulls.
    public init<Element: FixedWidthElement>(_ name: String, _ values: [Element]) {
        self.init(name, array: Element.array(copying: values))
    }

    /// A column of any type from values that are converted to it where nothing is lost by that.
    public init<Element: ColumnElement>(
        _ name: String, _ values: [Element?], type: DataType, metadata: Metadata = [:]
    ) throws(DataFrameError) {
        let builder = ArrayBuilder(type)
        for value in values {
            if let value { try builder.append(value.cell) } else { builder.appendNull() }
        }
        self.init(Field(name, type, metadata: metadata), chunks: [builder.finish()])
    }

    /// A column of lists, of type `largeList`.
    public init<Element: NativeElement>(_ name: String, lists: [[Element?]?]) {
        var offsets = BufferBuilder()
        var validity = BitmapBuilder()
        var elements: [Element?] = []
        offsets.append(Int64(0))
        for list in lists {
            elements.append(contentsOf: list ?? [])
            offsets.append(Int64(elements.count))
            validity.append(list != nil)
        }
        let bitmap = validity.clear > 0 ? validity.finish() : nil
        let items = Element.array(elements)
        self.init(
            name,
            array: ArrayData(
                .largeList(Field("item", items.type)), length: lists.count, validity: bitmap,
                buffers: [offsets.finish()], children: [items]))
    }

    /// A column of structures from one column for each field; all must have the same number of rows.
    public init(_ name: String, structureOf members: [Column]) throws(DataFrameError) {
        let frame = try DataFrame(columns: members)
        var parts: [ArrayData] = []
        for member in members { parts.append(try member.combined()) }
        let array = ArrayData(.structure(members.map(\.field)), length: frame.rowCount, children: parts)
        self.init(name, array: array)
    }

    /// A column of one array.
    public init(_ name: String, array: ArrayData) {
        self.init(Field(name, array.type), chunks: [array])
    }

    /// A column of arrays, which all must have the type of the field.
    public init(_ field: Field, arrays: [ArrayData]) throws(DataFrameError) {
        for array in arrays where array.type != field.type {
            throw DataFrameError(.mismatch, "an array of type \(array.type) in the column \(field)")
        }
        self.init(field, chunks: arrays)
    }

    /// The column with its values where dictionary-encoded ones have indices, nested ones too; the column itself if
    /// there are none.
    ///
    /// Short indices can stand for long values: `maxByteCount` bounds what comes out, and more is an error.
    public func withoutDictionaries(maxByteCount: Int = 1 << 30) throws(DataFrameError) -> Column {
        var field = field
        field.type = type.withoutDictionaries
        if field.type == type { return self }
        var (arrays, remaining) = ([ArrayData](), maxByteCount)
        for chunk in chunks {
            let builder = ArrayBuilder(field.type)
            for row in 0..<chunk.length {
                try builder.append(chunk.cell(row))
                guard builder.byteCount <= remaining else {
                    throw DataFrameError(
                        .limit, "column \(name) is larger than \(maxByteCount) bytes without its dictionary")
                }
            }
            remaining -= builder.byteCount
            arrays.append(builder.finish())
        }
        return Column(field, chunks: arrays)
    }

    /// All values in one array: the only chunk if there is one, else a copy.
    ///
    /// Throws an error if the values are too many for the offsets of the type.
    public func combined() throws(DataFrameError) -> ArrayData {
        try ArrayData.concatenating(chunks, type)
    }
}
