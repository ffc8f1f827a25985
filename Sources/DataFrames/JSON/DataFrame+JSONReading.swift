public import NIOCore

extension DataFrame {
    /// Makes a frame of JSON objects: one array of them, or any number behind each other, as in JSON lines.
    ///
    /// Columns are the names of members, in the order of their first appearance; a row without one has null there.
    /// Integers make `int64` columns, other numbers `float64` ones, texts `utf8` ones, arrays lists, objects
    /// structures. For the columns in `types` values are converted instead: texts into dates, times, decimals or, from
    /// base64, bytes.
    ///
    /// Throws an error that names row and column, or the line of a malformed text.
    public init(json buffer: ByteBuffer, types: [String: DataType] = [:]) throws(DataFrameError) {
        self = try buffer.withUnsafeReadableBytes { bytes in
            Result { () throws(DataFrameError) in try DataFrame(json: bytes, types) }
        }.get()
    }

    /// Makes a frame of a text of JSON objects, see ``init(json:types:)``.
    public init(jsonText text: String, types: [String: DataType] = [:]) throws(DataFrameError) {
        try self.init(json: ByteBuffer(string: text), types: types)
    }

    private init(json bytes: UnsafeRawBufferPointer, _ types: [String: DataType]) throws(DataFrameError) {
        var parser = JSONCellParser(bytes)
        var collector = RowCollector(types: types)
        if parser.take(UInt8(ascii: "[")) {
            if !parser.take(UInt8(ascii: "]")) {
                repeat { try collector.append(object: parser.value(depth: 1)) } while parser.take(UInt8(ascii: ","))
                try parser.expect(UInt8(ascii: "]"))
            }
            try parser.end()
        } else {
            while !parser.isAtEnd() { try collector.append(object: parser.value()) }
        }
        self = try collector.finish()
    }
}

extension RowCollector {
    /// Appends the members of a structure as a row.
    mutating func append(object: Cell) throws(DataFrameError) {
        guard case .structure(let members) = object else {
            throw DataFrameError(.mismatch, "row \(rowCount) is not an object")
        }
        try append(members.map { ($0.name, TypedCell($0.value)) })
    }
}
