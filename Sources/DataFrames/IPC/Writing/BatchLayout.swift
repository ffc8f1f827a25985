/// What one batch consists of: the nodes and buffers of its arrays, depth first, with slices moved to start at row 0.
///
/// Buffers that can stay as they are are not copied here, but only when the stream is written.
struct BatchLayout {
    private let alignment: Int
    /// Length and number of nulls of each array.
    private(set) var nodes: [Int64] = []
    /// Position in the body and size of each buffer.
    private(set) var buffers: [Int64] = []
    /// How many buffers each array of views has besides the views.
    private(set) var variadicCounts: [Int64] = []
    /// The buffers themselves.
    private(set) var parts: [ArrowBuffer] = []
    /// The size of the body, with padding.
    private(set) var bodyLength = 0

    init(_ arrays: [ArrayData], alignment: Int) {
        self.alignment = alignment
        for array in arrays { add(array) }
    }

    private mutating func add(_ array: ArrayData) {
        let nullCount = array.nullCount
        nodes.append(Int64(array.length))
        nodes.append(Int64(nullCount))
        guard array.layout != .null else { return }
        if nullCount > 0, let validity = array.validity {
            add(Bitmap.slice(validity, from: array.offset, count: array.length))
        } else {
            add(.empty)
        }
        switch array.layout {
        case .null: break
        case .bits: add(Bitmap.slice(array.values, from: array.offset, count: array.length))
        case .fixed(let width): addValues(array, width)
        case .dictionary(let index): addValues(array, index.width)
        case .variable(let width):
            add(array.rebasedOffsets(width))
            add(array.buffers[1].slice(array.start(array.offset), array.extent))
        case .view:
            let (views, parts) = array.compactViews()
            add(views)
            parts.forEach { add($0) }
            variadicCounts.append(Int64(parts.count))
        case .list(let width):
            let start = array.start(array.offset)
            add(array.rebasedOffsets(width))
            add(array.children[0].slice(start..<start + array.extent))
        case .fixedList(let count):
            add(array.children[0].slice(array.offset * count..<(array.offset + array.length) * count))
        case .structure:
            for child in array.children { add(child.slice(array.offset..<array.offset + array.length)) }
        }
    }

    private mutating func addValues(_ array: ArrayData, _ width: Int) {
        add(array.length == 0 ? .empty : array.values.slice(array.offset * width, array.length * width))
    }

    private mutating func add(_ buffer: ArrowBuffer) {
        buffers.append(Int64(bodyLength))
        buffers.append(Int64(buffer.count))
        parts.append(buffer)
        bodyLength += (buffer.count + alignment - 1) & ~(alignment - 1)
    }

    /// The table of the batch.
    func table(length: Int) -> [FlatValue] {
        let counts: FlatValue =
            variadicCounts.isEmpty ? .absent : .structures(variadicCounts, count: variadicCounts.count)
        return [
            .long(Int64(length)), .structures(nodes, count: nodes.count / 2),
            .structures(buffers, count: buffers.count / 2), .absent, counts,
        ]
    }
}

extension ArrayData {
    /// The offsets of the rows as if the values started at 0; a slice if they do.
    fileprivate func rebasedOffsets(_ width: Int) -> ArrowBuffer {
        // Readers expect the one offset that an array without rows has, although they may do without.
        if length == 0 { return ArrowBuffer.zeros(width) }
        let first = start(offset)
        let part = values.slice(offset * width, (length + 1) * width)
        if first == 0 { return part }
        let memory = ArrowMemory(capacity: part.count)
        if width == 4 {
            let start = Int32(truncatingIfNeeded: first)
            for row in 0...length {
                memory.base.storeBytes(of: part.load(Int32.self, row) &- start, toByteOffset: row * 4, as: Int32.self)
            }
        } else {
            for row in 0...length {
                memory.base.storeBytes(
                    of: part.load(Int64.self, row) &- Int64(first), toByteOffset: row * 8, as: Int64.self)
            }
        }
        return memory.buffer(count: part.count)
    }

    /// The views of the rows and the buffers that they need. Where most of the buffers belongs to rows that are not
    /// here, what is needed is copied out.
    fileprivate func compactViews() -> (views: ArrowBuffer, buffers: [ArrowBuffer]) {
        if length == 0 { return (.empty, []) }
        let views = values.slice(offset * 16, length * 16)
        let parts = Array(buffers.dropFirst())
        let available = parts.reduce(0) { $0 + $1.count }
        guard available > 4096 else { return (views, parts) }
        var needed = 0
        for row in 0..<length where !isNull(row) {
            let count = Int(views.load(Int32.self, row * 4))
            if count > 12 { needed += count }
        }
        guard needed < available / 2, needed <= Int(Int32.max) else { return (views, parts) }
        let builder = ArrayBuilder(type)
        for row in 0..<length {
            guard !isNull(row) else {
                builder.appendNull()
                continue
            }
            withBytes(row) { builder.append(view: $0) }
        }
        let compact = builder.finish()
        return (compact.values, Array(compact.buffers.dropFirst()))
    }
}
