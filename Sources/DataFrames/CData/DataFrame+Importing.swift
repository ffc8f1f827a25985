package import CArrowData

extension DataFrame {
    /// Makes a frame of batches that were taken over from the C data interface: each an array of structures with these
    /// fields.
    package init(schema: Schema, structures: [ArrayData]) throws(DataFrameError) {
        var chunks = Array(repeating: [ArrayData](), count: schema.fields.count)
        for structure in structures {
            guard case .structure(let fields) = structure.type, fields.map(\.type) == schema.fields.map(\.type) else {
                throw DataFrameError(.mismatch, "a batch has other columns than the table")
            }
            for number in fields.indices {
                guard let part = structure.member(number) else { throw .malformed("a batch lacks a column") }
                chunks[number].append(part)
            }
        }
        let columns = zip(schema.fields, chunks).map { Column($0, chunks: $1) }
        self.init(unchecked: columns, rowCount: structures.reduce(0) { $0 + $1.length }, metadata: schema.metadata)
    }

    /// Reads all batches of a stream of the C stream interface, without a copy, and releases it.
    package init(importing stream: UnsafeMutablePointer<ArrowArrayStream>) throws(DataFrameError) {
        defer { stream.pointee.release?(stream) }
        guard let getSchema = stream.pointee.get_schema, let getNext = stream.pointee.get_next else {
            throw .malformed("an Arrow stream was released")
        }
        var description = ArrowSchema()
        guard getSchema(stream, &description) == 0 else { throw DataFrame.lastError(stream) }
        defer { description.release?(&description) }
        let schema = try Schema(importing: &description)
        var structures: [ArrayData] = []
        while true {
            var array = ArrowArray()
            guard getNext(stream, &array) == 0 else { throw DataFrame.lastError(stream) }
            if array.release == nil { break }
            structures.append(try ArrayData.importing(&array, .structure(schema.fields)))
        }
        try self.init(schema: schema, structures: structures)
    }

    private static func lastError(_ stream: UnsafeMutablePointer<ArrowArrayStream>) -> DataFrameError {
        let text = stream.pointee.get_last_error?(stream).map { String(cString: $0) }
        return DataFrameError(.malformed, text ?? "an Arrow stream failed")
    }
}
