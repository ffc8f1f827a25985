public import NIOCore

extension DataFrame {
    /// Makes a frame of a CSV text (RFC 4180).
    ///
    /// The types of columns are those in `types`, else the narrowest of `bool`, `int64`, `float64`, `date32`,
    /// `timestamp[us]` and `utf8` that all fields fit; fields between quotes are texts unless `types` says otherwise. A
    /// field like ``CSVFormat/null`` without quotes is null. Without a header the columns are named `column_1`,
    /// `column_2`, ….
    ///
    /// Throws an error that names the line of a malformed text, or row and column of a value that does not fit.
    public init(
        csv buffer: ByteBuffer, format: CSVFormat = .standard, types: [String: DataType] = [:]
    ) throws(DataFrameError) {
        let separator = try format.separatorByte()
        self = try buffer.withUnsafeReadableBytes { bytes in
            Result { () throws(DataFrameError) in
                try DataFrame(CSVTable(bytes, separator: separator), format, types)
            }
        }.get()
    }

    /// Makes a frame of a CSV text, see ``init(csv:format:types:)``.
    public init(
        csvText text: String, format: CSVFormat = .standard, types: [String: DataType] = [:]
    ) throws(DataFrameError) {
        try self.init(csv: ByteBuffer(string: text), format: format, types: types)
    }

    private init(_ table: CSVTable, _ format: CSVFormat, _ types: [String: DataType]) throws(DataFrameError) {
        var columns: [Column] = []
        let first = format.hasHeader ? 1 : 0
        for number in 0..<table.width {
            let name = format.hasHeader ? table.text(table.field(0, number)) ?? "" : "column_\(number + 1)"
            let column = CSVColumn(table: table, number: number, first: first, null: Array(format.null.utf8))
            columns.append(try column.made(name, types[name] ?? (format.infersTypes ? column.inferredType() : .utf8)))
        }
        self.init(unchecked: columns, rowCount: max(0, table.rowCount - first), metadata: [:])
    }
}

/// One column of a CSV text.
private struct CSVColumn {
    let table: CSVTable
    let number: Int
    /// The first row that is data.
    let first: Int
    let null: [UInt8]

    private func isNull(_ field: CSVTable.FieldRange) -> Bool {
        !field.isQuoted && table.rawBytes(field).elementsEqual(null)
    }

    /// The narrowest type for all fields that are not null; `utf8` if there are none.
    func inferredType() -> DataType {
        var candidates = [DataType.bool, .int64, .float64, .date32, .timestamp(.microsecond, timeZone: "UTC")]
        var (isNaive, hasValue) = (false, false)
        for row in first..<max(first, table.rowCount) {
            let field = table.field(row, number)
            if isNull(field) { continue }
            hasValue = true
            guard !field.isQuoted, let text = table.text(field) else { return .utf8 }
            candidates.removeAll { !Self.fits(text, $0) }
            if candidates.isEmpty { return .utf8 }
            if case .timestamp? = candidates.first, Timestamp(iso8601: text)?.timeZone == nil { isNaive = true }
        }
        guard hasValue, let type = candidates.first else { return .utf8 }
        if case .timestamp = type { return .timestamp(.microsecond, timeZone: isNaive ? nil : "UTC") }
        return type
    }

    private static func fits(_ text: String, _ type: DataType) -> Bool {
        switch type {
        case .bool: TextParser.bool(text) != nil
        // Numbers with zeros in front are numbers of something, not quantities: they keep their zeros as texts.
        case .int64: !hasLeadingZero(text) && Int64(text) != nil
        case .float64: !hasLeadingZero(text) && TextParser.double(text) != nil && !hasMoreDigits(text)
        case .date32: CalendarDate(iso8601: text) != nil
        default: Timestamp(iso8601: text).map { $0.unit == .microsecond } ?? false
        }
    }

    /// Whether a float could not give back all digits; such numbers stay texts.
    private static func hasMoreDigits(_ text: String) -> Bool {
        let digits = text.utf8.prefix { $0 | 0x20 != UInt8(ascii: "e") }.filter { (48...57).contains($0) }
        return digits.drop { $0 == UInt8(ascii: "0") }.count > 17
    }

    private static func hasLeadingZero(_ text: String) -> Bool {
        let digits = text.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
        guard digits.first == UInt8(ascii: "0"), let second = digits.dropFirst().first else { return false }
        return (48...57).contains(second)
    }

    /// The column with its fields as values of a type.
    func made(_ name: String, _ type: DataType) throws(DataFrameError) -> Column {
        let builder = ArrayBuilder(type)
        for row in first..<max(first, table.rowCount) {
            let field = table.field(row, number)
            if isNull(field) {
                builder.appendNull()
                continue
            }
            do throws(DataFrameError) {
                guard let text = table.text(field) else { throw DataFrameError(.malformed, "the text is not UTF-8") }
                if type.isText {
                    try builder.append(text: text)
                } else {
                    try builder.append(type.valueType.isText ? .text(text) : TextParser.cell(text, type))
                }
            } catch {
                throw DataFrameError(error.code, "row \(row - first), column \(name): \(error.message)")
            }
        }
        return Column(name, array: builder.finish())
    }
}
