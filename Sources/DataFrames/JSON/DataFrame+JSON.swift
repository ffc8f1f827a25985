public import NIOCore

/// How rows stand in a JSON text.
public enum JSONForm: Sendable, Hashable {
    /// One array of objects.
    case array
    /// One object on each line.
    case lines
}

extension DataFrame {
    /// The rows as an array of JSON objects, see ``writeJSON(into:form:)``.
    public var jsonText: String {
        var buffer = ByteBuffer()
        writeJSON(into: &buffer)
        return String(buffer: buffer)
    }

    /// Appends the rows as JSON objects whose members are named like the columns.
    ///
    /// Integers and decimals have all their digits, floats the shortest that mean the same float; NaN and infinities
    /// are null. Dates, times and lengths of time are ISO 8601 texts, bytes base64 texts, lists arrays, structures and
    /// maps objects.
    public func writeJSON(into buffer: inout ByteBuffer, form: JSONForm = .array) {
        var writer = JSONRowWriter(self, form)
        writer.start(&buffer)
        for row in 0..<rowCount { writer.write(row, into: &buffer) }
        writer.end(&buffer)
    }

    /// Gives the rows as JSON in pieces of about `pieceSize` bytes to a sink, so that a large text never exists as a
    /// whole.
    public func writeJSON<Failure: Error>(
        form: JSONForm = .array, pieceSize: Int = 1 << 20, to sink: (ByteBuffer) throws(Failure) -> Void
    ) throws(Failure) {
        var (buffer, writer) = (ByteBuffer(), JSONRowWriter(self, form))
        writer.start(&buffer)
        for row in 0..<rowCount {
            writer.write(row, into: &buffer)
            guard buffer.readableBytes >= pieceSize else { continue }
            try sink(buffer)
            buffer.clear()
        }
        writer.end(&buffer)
        if buffer.readableBytes > 0 { try sink(buffer) }
    }
}

extension DataFrame {
    /// The largest text that a received frame is turned into, bytes. A few bytes of Arrow can stand for any number of
    /// nulls.
    private static let maxTranslatedBytes = 128 << 20

    /// Appends the rows of a received Arrow stream as an array of JSON objects, which is the form of a frame for JSON
    /// peers (protocol.md §10). False, and nothing is written, when the bytes are no frame or the text would become too
    /// long.
    package static func writeRows(ofArrow arrow: ByteBuffer, into buffer: inout ByteBuffer) -> Bool {
        guard let frame = try? DataFrame(arrow: arrow) else { return false }
        let start = buffer.writerIndex
        var writer = JSONRowWriter(frame, .array)
        writer.start(&buffer)
        for row in 0..<frame.rowCount {
            writer.write(row, into: &buffer)
            if buffer.writerIndex - start > maxTranslatedBytes {
                buffer.moveWriterIndex(to: start)
                return false
            }
        }
        writer.end(&buffer)
        return true
    }
}

/// Writes rows one by one.
private struct JSONRowWriter {
    private let columns: [Column]
    /// The beginning of each member: `{"name":` for the first column, `,"name":` for the others.
    private let heads: [ByteBuffer]
    private let form: JSONForm
    private var isFirst = true

    init(_ frame: DataFrame, _ form: JSONForm) {
        columns = frame.columns
        self.form = form
        heads = frame.columns.enumerated().map { number, column in
            var head = ByteBuffer(string: number == 0 ? "{" : ",")
            JSONCellWriter.writeString(column.name, into: &head)
            head.writeStaticString(":")
            return head
        }
    }

    func start(_ buffer: inout ByteBuffer) {
        if form == .array { buffer.writeStaticString("[") }
    }

    mutating func write(_ row: Int, into buffer: inout ByteBuffer) {
        if form == .array, !isFirst { buffer.writeStaticString(",") }
        isFirst = false
        if columns.isEmpty { buffer.writeStaticString("{") }
        for (column, head) in zip(columns, heads) {
            buffer.writeImmutableBuffer(head)
            let (chunk, row) = column.locate(row)
            JSONCellWriter.write(chunk, row, into: &buffer)
        }
        buffer.writeStaticString("}")
        if form == .lines { buffer.writeStaticString("\n") }
    }

    func end(_ buffer: inout ByteBuffer) {
        if form == .array { buffer.writeStaticString("]") }
    }
}
