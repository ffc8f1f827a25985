package import CArrowData

/// An `ArrowArray` that was moved here; it is released when nothing uses its memory any more. Its memory
/// is only read, and it is released by whoever holds it last, hence unchecked.
private final class ImportedArray: @unchecked Sendable {
    // Sendable, because the struct is not changed until it is released, which may happen on any thread.
    private var array: ArrowArray

    init(moving source: UnsafeMutablePointer<ArrowArray>) {
        array = source.pointee
        source.pointee.release = nil
    }

    deinit { array.release?(&array) }
}

extension ArrayData {
    /// Takes over an array from the C data interface, without a copy. `source` counts as released afterwards, whether
    /// this succeeds or not.
    ///
    /// The interface does not tell how large buffers are, so that the producer is trusted: the values of offsets, views
    /// and indices are not checked. Only for libraries in this process.
    package static func importing(
        _ source: UnsafeMutablePointer<ArrowArray>, _ type: DataType
    ) throws(DataFrameError) -> ArrayData {
        guard source.pointee.release != nil else { throw .malformed("an Arrow array was released") }
        let content = source.pointee
        return try importing(content, type, ImportedArray(moving: source))
    }

    private static func importing(
        _ source: ArrowArray, _ type: DataType, _ owner: ImportedArray
    ) throws(DataFrameError) -> ArrayData {
        let (length, offset) = (Int(source.length), Int(source.offset))
        guard length >= 0, offset >= 0 else { throw .malformed("an Arrow array has a negative length") }
        let layout = type.layout
        let reader = ImportedBuffers(source: source, owner: owner)
        let end = offset + length
        if layout == .null { return ArrayData(type, length: length) }
        let validity = source.null_count == 0 ? nil : reader.optional(0, Bitmap.byteCount(end))
        var (buffers, children) = ([ArrowBuffer](), [ArrayData]())
        switch layout {
        case .null: break
        case .bits: buffers = [try reader.buffer(1, Bitmap.byteCount(end))]
        case .fixed(let width): buffers = [try reader.buffer(1, end * width)]
        case .dictionary(let index): buffers = [try reader.buffer(1, end * index.width)]
        case .variable(let width):
            let offsets = try reader.offsets(end, width)
            buffers = [offsets.buffer, try reader.buffer(2, offsets.last)]
        case .view: buffers = try reader.views(end)
        case .list(let width): buffers = [try reader.offsets(end, width).buffer]
        case .fixedList, .structure: break
        }
        if case .dictionary(_, let value, _) = type {
            guard let values = source.dictionary else { throw .malformed("an Arrow array lacks its dictionary") }
            let dictionary = try importing(values.pointee, value, owner)
            return ArrayData(
                type, length: length, offset: offset, validity: validity, buffers: buffers, dictionary: dictionary)
        }
        guard source.n_children == type.fields.count else { throw .malformed("an Arrow array lacks children") }
        for (number, field) in type.fields.enumerated() {
            guard let child = source.children?[number] else { throw .malformed("an Arrow array lacks a child") }
            children.append(try importing(child.pointee, field.type, owner))
        }
        return ArrayData(
            type, length: length, offset: offset, validity: validity, buffers: buffers, children: children)
    }
}

/// The buffers of an imported array, with the sizes that follow from its type and length.
private struct ImportedBuffers {
    let source: ArrowArray
    let owner: ImportedArray

    /// A buffer that need not exist.
    func optional(_ number: Int, _ size: Int) -> ArrowBuffer? {
        guard number < source.n_buffers, let base = source.buffers?[number] else { return nil }
        return ArrowBuffer(base: base, count: size, owner: owner)
    }

    func buffer(_ number: Int, _ size: Int) throws(DataFrameError) -> ArrowBuffer {
        if size == 0 { return .empty }
        guard let buffer = optional(number, size) else { throw .malformed("an Arrow array lacks a buffer") }
        return buffer
    }

    /// The offsets, and the last of them, which is the size of what they point into.
    func offsets(_ count: Int, _ width: Int) throws(DataFrameError) -> (buffer: ArrowBuffer, last: Int) {
        // An array without rows may have no offsets.
        if count == 0 { return (.empty, 0) }
        let offsets = try buffer(1, (count + 1) * width)
        return (offsets, width == 4 ? Int(offsets.load(Int32.self, count)) : Int(offsets.load(Int64.self, count)))
    }

    /// The views, and the buffers that long values lie in; the last buffer of the struct has their sizes.
    func views(_ count: Int) throws(DataFrameError) -> [ArrowBuffer] {
        var buffers = [try buffer(1, count * 16)]
        let variadic = Int(source.n_buffers) - 3
        if variadic > 0 {
            let sizes = try buffer(Int(source.n_buffers) - 1, variadic * 8)
            for number in 0..<variadic { buffers.append(try buffer(number + 2, Int(sizes.load(Int64.self, number)))) }
        }
        return buffers
    }
}
