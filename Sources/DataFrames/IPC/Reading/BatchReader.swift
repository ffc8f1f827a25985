/// Makes the arrays of one batch: pairs up the fields with the nodes (length and number of nulls of each array, depth
/// first) and the buffers that the batch lists, and checks that everything is inside.
struct BatchReader {
    /// How many rows the batch says it has.
    let length: Int
    private let body: ArrowBuffer
    private let nodes: ArrowBuffer
    private let buffers: ArrowBuffer
    private let variadicCounts: ArrowBuffer
    private let codec: (any BodyCodec)?
    private var (node, buffer, variadic) = (0, 0, 0)
    private let limits: ArrowLimits
    private let budget: AllocationBudget
    private let dictionaries: [Int64: ArrayData]

    init(
        _ table: FlatTable, body: ArrowBuffer, _ limits: ArrowLimits, _ budget: AllocationBudget,
        _ dictionaries: [Int64: ArrayData]
    ) throws(DataFrameError) {
        (self.limits, self.budget, self.dictionaries) = (limits, budget, dictionaries)
        length = try BatchReader.length(try table.number(ArrowFormat.RecordBatchField.length, Int64(0)), limits)
        nodes = try table.structures(ArrowFormat.RecordBatchField.nodes, size: 16)
        buffers = try table.structures(ArrowFormat.RecordBatchField.buffers, size: 16)
        variadicCounts = try table.structures(ArrowFormat.RecordBatchField.variadicCounts, size: 8)
        if let compression = try table.table(ArrowFormat.RecordBatchField.compression) {
            codec = try BodyCodecs.codec(try compression.number(0, UInt8(0)))
        } else {
            codec = nil
        }
        // Numbers are to be aligned, so that they can be used where they lie; Arrow asks for 8 bytes at least.
        if body.count > 0, !body.isAligned(to: 8), codec == nil {
            try budget.take(body.count)
            self.body = body.withUnsafeBytes { ArrowBuffer(copying: $0) }
        } else {
            self.body = body
        }
    }

    /// The arrays of the top-level fields.
    mutating func read(_ fields: [StreamField]) throws(DataFrameError) -> [ArrayData] {
        var arrays: [ArrayData] = []
        for field in fields {
            let array = try read(field)
            guard array.length == length else {
                throw .malformed("field \(field.field.name) has \(array.length) rows in a batch of \(length)")
            }
            arrays.append(array)
        }
        return arrays
    }

    private mutating func read(_ field: StreamField) throws(DataFrameError) -> ArrayData {
        let (length, nullCount) = try nextNode()
        let (type, layout, name) = (field.field.type, field.field.type.layout, field.field.name)
        guard !field.isEmpty || length <= budget.maxEmptyLength else {
            throw DataFrameError(.limit, "field \(name) has \(length) values, none of which are in the stream")
        }
        if layout == .null { return ArrayData(type, length: length) }
        let validity = try nextValidity(length, nullCount, name)
        let check = ArrayCheck(name: name, length: length, validity: validity)
        switch layout {
        case .null: return ArrayData(type, length: length)
        case .bits:
            let values = try check.size(try nextBuffer(), Bitmap.byteCount(length))
            return ArrayData(type, length: length, validity: validity, buffers: [values])
        case .fixed(let width):
            let values = try check.size(try nextBuffer(), length, width)
            return ArrayData(type, length: length, validity: validity, buffers: [values])
        case .variable(let width):
            let (offsets, bytes) = (try nextBuffer(), try nextBuffer())
            let checked = try check.offsets(offsets, width, limit: bytes.count)
            if type.isText, limits.checksText { try check.text(checked, width, bytes) }
            return ArrayData(type, length: length, validity: validity, buffers: [checked, bytes])
        case .view:
            let views = try check.size(try nextBuffer(), length, 16)
            let parts = try nextVariadic()
            try check.views(views, parts, isText: type.isText && limits.checksText)
            return ArrayData(type, length: length, validity: validity, buffers: [views] + parts)
        case .list(let width):
            let offsets = try nextBuffer()
            let child = try read(field.children[0])
            let checked = try check.offsets(offsets, width, limit: child.length)
            return ArrayData(type, length: length, validity: validity, buffers: [checked], children: [child])
        case .fixedList(let count):
            let child = try read(field.children[0])
            let (needed, overflow) = length.multipliedReportingOverflow(by: count)
            guard !overflow, needed <= child.length else { throw check.short() }
            return ArrayData(type, length: length, validity: validity, children: [child])
        case .structure:
            var children: [ArrayData] = []
            for child in field.children {
                let part = try read(child)
                guard part.length >= length else { throw check.short() }
                children.append(part)
            }
            return ArrayData(type, length: length, validity: validity, children: children)
        case .dictionary(let index):
            let indices = try check.size(try nextBuffer(), length, index.width)
            let dictionary = field.dictionary.flatMap { dictionaries[$0] } ?? ArrayBuilder(type.valueType).finish()
            let array = ArrayData(type, length: length, validity: validity, buffers: [indices], dictionary: dictionary)
            try check.indices(array, index)
            return array
        }
    }

    private mutating func nextNode() throws(DataFrameError) -> (length: Int, nullCount: Int) {
        defer { node += 1 }
        let length = try BatchReader.length(try nodes.read(Int64.self, at: node * 16), limits)
        let nullCount = try nodes.read(Int64.self, at: node * 16 + 8)
        guard nullCount >= 0, nullCount <= length else {
            throw .malformed("an array of \(length) has \(nullCount) nulls")
        }
        return (length, Int(nullCount))
    }

    private static func length(_ length: Int64, _ limits: ArrowLimits) throws(DataFrameError) -> Int {
        guard length >= 0 else { throw .malformed("a length is negative") }
        guard length <= limits.maxLength else {
            throw DataFrameError(.limit, "there are more than \(limits.maxLength) values")
        }
        return Int(length)
    }

    /// The bitmap of an array, or nil if it says that it has no nulls.
    private mutating func nextValidity(
        _ length: Int, _ nullCount: Int, _ name: String
    ) throws(DataFrameError) -> ArrowBuffer? {
        let bitmap = try nextBuffer()
        if nullCount == 0 { return nil }
        return try ArrayCheck(name: name, length: length, validity: nil).size(bitmap, Bitmap.byteCount(length))
    }

    private mutating func nextVariadic() throws(DataFrameError) -> [ArrowBuffer] {
        let count = try variadicCounts.read(Int64.self, at: variadic * 8)
        variadic += 1
        guard count >= 0, count <= buffers.count / 16 - buffer else { throw .malformed("there are too few buffers") }
        var parts: [ArrowBuffer] = []
        for _ in 0..<count { parts.append(try nextBuffer()) }
        return parts
    }

    private mutating func nextBuffer() throws(DataFrameError) -> ArrowBuffer {
        let start = try buffers.read(Int64.self, at: buffer * 16)
        let count = try buffers.read(Int64.self, at: buffer * 16 + 8)
        buffer += 1
        guard start >= 0, count >= 0, count <= body.count, start <= Int64(body.count) - count else {
            throw .malformed("a buffer lies outside of its message")
        }
        if count == 0 { return .empty }
        let part = body.slice(Int(start), Int(count))
        if let codec { return try decompressed(part, codec) }
        if part.isAligned(to: 8) { return part }
        try budget.take(part.count)
        return part.withUnsafeBytes { ArrowBuffer(copying: $0) }
    }

    /// A compressed buffer starts with its length before compression, which is -1 if it is not compressed after all.
    private func decompressed(_ buffer: ArrowBuffer, _ codec: any BodyCodec) throws(DataFrameError) -> ArrowBuffer {
        let length = try buffer.read(Int64.self, at: 0)
        let rest = buffer.slice(8, buffer.count - 8)
        if length == -1 {
            if rest.isAligned(to: 8) { return rest }
            try budget.take(rest.count)
            return rest.withUnsafeBytes { ArrowBuffer(copying: $0) }
        }
        guard length >= 0, length / Int64(codec.maxRatio) <= rest.count else {
            throw .malformed("a compressed buffer of \(rest.count) bytes claims to hold \(length)")
        }
        try budget.take(Int(length))
        let memory = ArrowMemory(capacity: Int(length))
        let target = UnsafeMutableRawBufferPointer(start: memory.base, count: Int(length))
        let result = rest.withUnsafeBytes { source in codec.decompress(source, into: target) }
        guard result == Int(length) else { throw .malformed("a compressed buffer is damaged") }
        return memory.buffer(count: Int(length))
    }
}
