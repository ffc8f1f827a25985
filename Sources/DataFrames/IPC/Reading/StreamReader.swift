/// Reads an Arrow IPC stream message by message.
///
/// A message is its metadata, a FlatBuffer, and a body that the metadata describes. The first message is the schema;
/// dictionaries come before the batches that use them.
struct StreamReader {
    private let stream: ArrowBuffer
    private var position = 0
    private let budget: AllocationBudget
    private let limits: ArrowLimits
    private var dictionaries: [Int64: ArrayData] = [:]
    private var dictionaryFields: [Int64: StreamField] = [:]

    init(_ stream: ArrowBuffer, _ limits: ArrowLimits) {
        self.stream = stream
        self.limits = limits
        budget = AllocationBudget(limits, streamSize: stream.count)
    }

    mutating func read() throws(DataFrameError) -> DataFrame {
        guard let first = try nextMessage() else { throw .malformed("the stream is empty") }
        guard first.kind == ArrowFormat.Header.schema else {
            throw .malformed("the stream does not start with a schema")
        }
        var reader = ArrowSchemaReader(limits)
        let (fields, metadata) = try reader.read(first.header)
        for field in fields { try note(field) }
        var chunks = Array(repeating: [ArrayData](), count: fields.count)
        var rowCount = 0
        while let message = try nextMessage() {
            switch message.kind {
            case ArrowFormat.Header.dictionaryBatch: try readDictionary(message)
            case ArrowFormat.Header.recordBatch:
                var batch = try BatchReader(message.header, body: message.body, limits, budget, dictionaries)
                rowCount += batch.length
                guard rowCount <= limits.maxLength else {
                    throw DataFrameError(.limit, "there are more than \(limits.maxLength) rows")
                }
                for (number, array) in try batch.read(fields).enumerated() { chunks[number].append(array) }
            case let kind: throw .malformed("a message of kind \(kind) within the stream")
            }
        }
        let columns = zip(fields, chunks).map { field, chunks in
            Column(field.field, chunks: chunks.isEmpty ? emptyChunk(field) : chunks)
        }
        return DataFrame(unchecked: columns, rowCount: rowCount, metadata: metadata)
    }

    /// What a dictionary-encoded field of a stream without batches has: no rows, but perhaps a dictionary.
    private func emptyChunk(_ field: StreamField) -> [ArrayData] {
        guard let dictionary = field.dictionary.flatMap({ dictionaries[$0] }) else { return [] }
        return [ArrayData(field.field.type, length: 0, buffers: [.empty], dictionary: dictionary)]
    }

    /// Remembers the dictionaries that a field uses; two fields can use the same one.
    private mutating func note(_ field: StreamField) throws(DataFrameError) {
        for child in field.children { try note(child) }
        guard let id = field.dictionary else { return }
        if let known = dictionaryFields[id], known.field.type.valueType != field.field.type.valueType {
            throw .malformed("dictionary \(id) has two types")
        }
        dictionaryFields[id] = field
    }

    private mutating func readDictionary(_ message: Message) throws(DataFrameError) {
        let id = try message.header.number(ArrowFormat.DictionaryBatchField.id, Int64(0))
        guard let field = dictionaryFields[id] else { throw .malformed("no field uses dictionary \(id)") }
        guard let data = try message.header.table(ArrowFormat.DictionaryBatchField.data) else {
            throw .malformed("dictionary \(id) has no values")
        }
        var batch = try BatchReader(data, body: message.body, limits, budget, dictionaries)
        let values = try batch.read([field.values])[0]
        if try message.header.bool(ArrowFormat.DictionaryBatchField.isDelta), let known = dictionaries[id] {
            // Each part copies what came before it, which is why the budget counts.
            try budget.take(known.byteCount + values.byteCount)
            dictionaries[id] = try ArrayData.concatenating([known, values], values.type)
        } else {
            dictionaries[id] = values
        }
    }

    /// One message of the stream.
    private struct Message {
        var kind: UInt8
        var header: FlatTable
        var body: ArrowBuffer
    }

    /// The next message, or nil at the end: at the mark for it, or where the stream simply stops.
    private mutating func nextMessage() throws(DataFrameError) -> Message? {
        guard position < stream.count else { return nil }
        var length = try stream.read(UInt32.self, at: position)
        position += 4
        if length == ArrowFormat.continuation {
            length = try stream.read(UInt32.self, at: position)
            position += 4
        } else if length == 0x4F52_5241 {
            throw .unsupported("this is an Arrow file, not an Arrow stream")
        }
        if length == 0 { return nil }
        let metadata = try take(Int(length), "the metadata")
        let table = try FlatTable(root: metadata)
        let version = try table.number(ArrowFormat.MessageField.version, Int16(0))
        guard version == ArrowFormat.Version.v4 || version == ArrowFormat.Version.v5 else {
            throw .unsupported("the metadata has version \(Int(version) + 1), only 4 and 5 can be read")
        }
        let bodyLength = try table.number(ArrowFormat.MessageField.bodyLength, Int64(0))
        let body = try take(Int(bodyLength), "the body")
        guard let header = try table.table(ArrowFormat.MessageField.header) else {
            throw .malformed("a message has no header")
        }
        let kind = try table.number(ArrowFormat.MessageField.headerType, UInt8(0))
        return Message(kind: kind, header: header, body: body)
    }

    private mutating func take(_ count: Int, _ what: String) throws(DataFrameError) -> ArrowBuffer {
        guard count >= 0, count <= stream.count - position else {
            throw .malformed("\(what) of a message has \(count) bytes, of which \(stream.count - position) are there")
        }
        defer { position += count }
        return stream.slice(position, count)
    }
}

/// Counts the memory that reading takes besides the stream's own.
final class AllocationBudget {
    private var remaining: Int
    /// How many rows an array may have that takes no memory in the stream.
    let maxEmptyLength: Int

    init(_ limits: ArrowLimits, streamSize: Int) {
        remaining = limits.maxAllocation
        maxEmptyLength = max(1 << 20, streamSize * 8)
    }

    /// Takes so many bytes of the budget, before they are allocated.
    func take(_ count: Int) throws(DataFrameError) {
        guard count <= remaining else {
            throw DataFrameError(.limit, "reading the stream takes more memory than the limit allows")
        }
        remaining -= count
    }
}

extension ArrayData {
    /// The size of all buffers; shared ones count each time.
    var byteCount: Int {
        buffers.reduce(validity?.count ?? 0) { $0 + $1.count } + children.reduce(64) { $0 + $1.byteCount }
    }
}
