public import NIOCore

extension DataFrame {
    /// The rows as a CSV text, see ``writeCSV(into:format:)``.
    public var csvText: String {
        var buffer = ByteBuffer()
        CSVRowWriter(self, .standard).write(rows: 0..<rowCount, into: &buffer)
        return String(buffer: buffer)
    }

    /// Appends the rows as CSV (RFC 4180): a line with the names, and one for each row.
    ///
    /// Values are written as ``Cell/plainText`` does: numbers in full, dates and times in ISO 8601, bytes as base64,
    /// lists and structures as JSON, null as nothing. Throws an error for a separator that cannot be one.
    public func writeCSV(into buffer: inout ByteBuffer, format: CSVFormat = .standard) throws(DataFrameError) {
        _ = try format.separatorByte()
        CSVRowWriter(self, format).write(rows: 0..<rowCount, into: &buffer)
    }

    /// Gives the rows as CSV in pieces of about `pieceSize` bytes to a sink, so that a large text never exists as a
    /// whole.
    ///
    /// Throws an error for a separator that cannot be one, and what the sink throws.
    public func writeCSV(
        format: CSVFormat = .standard, pieceSize: Int = 1 << 20, to sink: (ByteBuffer) throws -> Void
    ) throws {
        _ = try format.separatorByte()
        let writer = CSVRowWriter(self, format)
        var (buffer, row) = (ByteBuffer(), 0)
        repeat {
            // The header comes with the first rows.
            let end = min(row + 256, rowCount)
            writer.write(rows: row..<end, into: &buffer)
            row = end
            if buffer.readableBytes >= pieceSize || row == rowCount {
                try sink(buffer)
                buffer.clear()
            }
        } while row < rowCount
    }
}

/// Writes rows as lines of fields.
private struct CSVRowWriter {
    private let columns: [Column]
    private let format: CSVFormat

    init(_ frame: DataFrame, _ format: CSVFormat) {
        columns = frame.columns
        self.format = format
    }

    /// Writes rows, before the first one the header.
    func write(rows: Range<Int>, into buffer: inout ByteBuffer) {
        if rows.lowerBound == 0, format.hasHeader {
            line(into: &buffer) { field($0.name, into: &$1) }
        }
        for row in rows {
            line(into: &buffer) { column, buffer in
                let (chunk, row) = column.locate(row)
                value(chunk, row, into: &buffer)
            }
        }
    }

    private func line(into buffer: inout ByteBuffer, _ write: (Column, inout ByteBuffer) -> Void) {
        let start = buffer.writerIndex
        for (number, column) in columns.enumerated() {
            if number > 0 { buffer.writeString(String(format.separator)) }
            write(column, &buffer)
        }
        // A line without anything would be skipped by readers, not taken as a null.
        if columns.count == 1, buffer.writerIndex == start { buffer.writeStaticString("\"\"") }
        buffer.writeString(format.lineEnd)
    }

    private func value(_ chunk: ArrayData, _ row: Int, into buffer: inout ByteBuffer) {
        guard let (array, row) = chunk.resolve(row) else {
            buffer.writeString(format.null)
            return
        }
        switch array.type {
        case .int8, .int16, .int32, .int64: number(String(Int64(reading: array, row)), into: &buffer)
        case .uint8, .uint16, .uint32, .uint64: number(String(UInt64(reading: array, row)), into: &buffer)
        default: field(array.cell(row).plainText, into: &buffer)
        }
    }

    private func number(_ text: String, into buffer: inout ByteBuffer) {
        if format.quoting == .whenNeeded { buffer.writeString(text) } else { field(text, into: &buffer) }
    }

    private func field(_ text: String, into buffer: inout ByteBuffer) {
        let separator = format.separator.asciiValue ?? UInt8(ascii: ",")
        let isPlain =
            format.quoting == .whenNeeded && text != format.null && !text.isEmpty
            && text.utf8.allSatisfy { $0 != separator && $0 != 0x22 && $0 != 0x0A && $0 != 0x0D }
            && text.utf8.first != 0x20 && text.utf8.last != 0x20
        if isPlain {
            buffer.writeString(text)
        } else {
            buffer.writeString("\"" + text.replacing("\"", with: "\"\"") + "\"")
        }
    }
}
