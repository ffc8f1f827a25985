extension ArrayData {
    /// The rows of arrays of one type in one array; a copy, unless there is only one.
    static func concatenating(_ arrays: [ArrayData], _ type: DataType) throws(DataFrameError) -> ArrayData {
        if arrays.count == 1 { return arrays[0] }
        let length = arrays.reduce(0) { $0 + $1.length }
        let validity = jointValidity(arrays)
        switch type.layout {
        case .null: return ArrayData(type, length: length)
        case .bits:
            var bits = BitmapBuilder()
            for array in arrays { for row in 0..<array.length { bits.append(array.values.bit(array.offset + row)) } }
            return ArrayData(type, length: length, validity: validity, buffers: [bits.finish()])
        case .fixed(let width):
            return ArrayData(type, length: length, validity: validity, buffers: [jointValues(arrays, width)])
        case .variable(let width):
            let bytes = arrays.map { $0.buffers[1].slice($0.start($0.offset), $0.extent) }
            let buffers = [try jointOffsets(arrays, width, type), joint(bytes)]
            return ArrayData(type, length: length, validity: validity, buffers: buffers)
        case .list(let width):
            let parts = arrays.map { array in
                array.children[0].slice(array.start(array.offset)..<array.start(array.offset) + array.extent)
            }
            let offsets = try jointOffsets(arrays, width, type)
            let child = try concatenating(parts, type.fields[0].type)
            return ArrayData(type, length: length, validity: validity, buffers: [offsets], children: [child])
        case .fixedList(let count):
            let parts = arrays.map { $0.children[0].slice($0.offset * count..<($0.offset + $0.length) * count) }
            let child = try concatenating(parts, type.fields[0].type)
            return ArrayData(type, length: length, validity: validity, children: [child])
        case .structure:
            var children: [ArrayData] = []
            for (number, field) in type.fields.enumerated() {
                children.append(try concatenating(arrays.compactMap { $0.member(number) }, field.type))
            }
            return ArrayData(type, length: length, validity: validity, children: children)
        case .dictionary(let index):
            if let first = arrays.first?.dictionary, arrays.allSatisfy({ $0.dictionary === first }) {
                let indices = jointValues(arrays, index.width)
                return ArrayData(type, length: length, validity: validity, buffers: [indices], dictionary: first)
            }
            return try rebuilt(arrays, type)
        case .view: return try rebuilt(arrays, type)
        }
    }

    /// Appends every value to a new array.
    private static func rebuilt(_ arrays: [ArrayData], _ type: DataType) throws(DataFrameError) -> ArrayData {
        let builder = ArrayBuilder(type)
        for array in arrays { for row in 0..<array.length { try builder.append(array.cell(row)) } }
        return builder.finish()
    }

    private static func jointValidity(_ arrays: [ArrayData]) -> ArrowBuffer? {
        guard arrays.contains(where: { $0.validity != nil }) else { return nil }
        var bits = BitmapBuilder()
        for array in arrays { for row in 0..<array.length { bits.append(!array.isNull(row)) } }
        return bits.finish()
    }

    private static func jointValues(_ arrays: [ArrayData], _ width: Int) -> ArrowBuffer {
        joint(arrays.map { $0.values.slice($0.offset * width, $0.length * width) })
    }

    private static func joint(_ buffers: [ArrowBuffer]) -> ArrowBuffer {
        var builder = BufferBuilder(capacity: buffers.reduce(0) { $0 + $1.count })
        for buffer in buffers { buffer.withUnsafeBytes { builder.append($0) } }
        return builder.finish()
    }

    /// Offsets as if the values of all arrays lay one behind another from 0 on.
    private static func jointOffsets(
        _ arrays: [ArrayData], _ width: Int, _ type: DataType
    ) throws(DataFrameError) -> ArrowBuffer {
        let total = arrays.reduce(0) { $0 &+ $1.extent }
        guard width == 8 || total <= Int(Int32.max) else {
            throw DataFrameError(.limit, "more than 2^31 bytes or elements in one column of type \(type)")
        }
        var builder = BufferBuilder()
        var base = 0
        func append(_ offset: Int) {
            if width == 4 { builder.append(Int32(offset)) } else { builder.append(Int64(offset)) }
        }
        append(0)
        for array in arrays where array.length > 0 {
            let first = array.start(array.offset)
            for row in 1...array.length { append(base + array.start(array.offset + row) - first) }
            base += array.extent
        }
        return builder.finish()
    }

    /// The offset at a position of the buffer of offsets.
    func start(_ position: Int) -> Int {
        // An array without rows may have no offsets at all.
        if values.count == 0 { return 0 }
        switch layout {
        case .variable(offset: 4), .list(offset: 4): return Int(values.load(Int32.self, position))
        default: return Int(values.load(Int64.self, position))
        }
    }

    /// How many bytes or elements the rows have together.
    var extent: Int { start(offset + length) - start(offset) }
}
