/// The fields of a CSV text, as ranges of its bytes.
struct CSVTable {
    /// Where a field is.
    struct FieldRange {
        var start: Int
        /// The end without quotes; negative numbers, `-1 - end`, say that the field stood between quotes.
        private let mark: Int

        init(_ start: Int, _ end: Int, isQuoted: Bool) {
            self.start = start
            mark = isQuoted ? -1 - end : end
        }

        var isQuoted: Bool { mark < 0 }
        var end: Int { isQuoted ? -1 - mark : mark }
    }

    let bytes: UnsafeRawBufferPointer
    /// All fields, row by row.
    private(set) var fields: [FieldRange] = []
    /// How many fields each row has.
    private(set) var width = 0

    var rowCount: Int { width == 0 ? 0 : fields.count / width }

    /// Finds the fields of a text. All rows must have as many as the first one; lines without anything are skipped.
    init(_ bytes: UnsafeRawBufferPointer, separator: UInt8) throws(DataFrameError) {
        self.bytes = bytes
        // The byte order mark that spreadsheets put in front.
        var (position, line) = (bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0, 1)
        while position < bytes.count {
            if let next = Self.skipLineEnd(bytes, position) {
                (position, line) = (next, line + 1)
                continue
            }
            let (first, firstLine) = (fields.count, line)
            try readRow(&position, &line, separator)
            let count = fields.count - first
            if width == 0 { width = count }
            guard count == width else {
                throw DataFrameError(.malformed, "line \(firstLine) has \(count) fields instead of \(width)")
            }
        }
    }

    private static func skipLineEnd(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> Int? {
        if bytes[position] == 0x0A { return position + 1 }
        guard bytes[position] == 0x0D else { return nil }
        return position + 1 < bytes.count && bytes[position + 1] == 0x0A ? position + 2 : position + 1
    }

    private mutating func readRow(_ position: inout Int, _ line: inout Int, _ separator: UInt8) throws(DataFrameError) {
        while true {
            try readField(&position, &line, separator)
            guard position < bytes.count else { return }
            if bytes[position] != separator {
                position = Self.skipLineEnd(bytes, position) ?? position
                line += 1
                return
            }
            position += 1
        }
    }

    private mutating func readField(_ position: inout Int, _ line: inout Int, _ separator: UInt8) throws(DataFrameError)
    {
        let start = position
        guard start < bytes.count, bytes[start] == 0x22 else {
            while position < bytes.count, bytes[position] != separator, bytes[position] != 0x0A, bytes[position] != 0x0D
            {
                position += 1
            }
            return fields.append(FieldRange(start, position, isQuoted: false))
        }
        let firstLine = line
        position += 1
        while position < bytes.count {
            if bytes[position] == 0x0A { line += 1 }
            guard bytes[position] == 0x22 else {
                position += 1
                continue
            }
            // Two quotes stand for one.
            if position + 1 < bytes.count, bytes[position + 1] == 0x22 {
                position += 2
                continue
            }
            fields.append(FieldRange(start + 1, position, isQuoted: true))
            position += 1
            let isEnd = position == bytes.count || [separator, 0x0A, 0x0D].contains(bytes[position])
            if isEnd { return }
            throw DataFrameError(.malformed, "line \(line) has something behind a closing quote")
        }
        throw DataFrameError(.malformed, "the quote in line \(firstLine) is not closed")
    }

    func field(_ row: Int, _ column: Int) -> FieldRange { fields[row * width + column] }

    /// The bytes of a field, without quotes around it; quotes within it are still doubled.
    func rawBytes(_ field: FieldRange) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[field.start..<field.end])
    }

    /// The text of a field; nil if it is not UTF-8.
    func text(_ field: FieldRange) -> String? {
        guard let text = String(validating: rawBytes(field), as: UTF8.self) else { return nil }
        return field.isQuoted && text.utf8.contains(0x22) ? text.replacing("\"\"", with: "\"") : text
    }
}
