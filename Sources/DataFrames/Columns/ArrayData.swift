/// A contiguous piece of a column: what Arrow calls an array.
///
/// Immutable. A slice shares all buffers and differs in ``length`` and offset only. Rows are counted from 0 within the
/// array; a row outside the array traps.
public final class ArrayData: Sendable {
    /// What the values are.
    public let type: DataType
    /// How many rows there are.
    public let length: Int
    /// The row of the buffers, and of the children of a structure, that is row 0 here.
    @usableFromInline let offset: Int
    /// A bit for each row of the buffers, set where there is a value; nil if there are no nulls.
    @usableFromInline let validity: ArrowBuffer?
    /// The buffers besides the validity: values; offsets and bytes; views and bytes; offsets of lists; indices.
    let buffers: [ArrowBuffer]
    /// The first of ``buffers``, which every access needs.
    @usableFromInline let values: ArrowBuffer
    let children: [ArrayData]
    /// The values of a dictionary-encoded array.
    let dictionary: ArrayData?
    @usableFromInline let layout: Layout
    /// Which numbers lie in ``values``, for types that are numbers in memory.
    @usableFromInline let number: NumberKind

    /// Puts an array together. Whoever calls this guarantees that the parts fit: buffers are as long as `offset +
    /// length` rows need, offsets, indices and views stay inside, and children are long enough.
    init(
        _ type: DataType, length: Int, offset: Int = 0, validity: ArrowBuffer? = nil, buffers: [ArrowBuffer] = [],
        children: [ArrayData] = [], dictionary: ArrayData? = nil
    ) {
        self.type = type
        self.length = length
        self.offset = offset
        self.validity = validity
        self.buffers = buffers
        self.values = buffers.first ?? .empty
        self.children = children
        self.dictionary = dictionary
        self.layout = type.layout
        self.number = type.number
    }

    /// A part of the rows, without a copy. The range must lie inside.
    public func slice(_ range: Range<Int>) -> ArrayData {
        precondition(range.lowerBound >= 0 && range.upperBound <= length, "A slice must lie inside its array.")
        if range.count == length { return self }
        return ArrayData(
            type, length: range.count, offset: offset + range.lowerBound, validity: validity, buffers: buffers,
            children: children, dictionary: dictionary)
    }

    /// The same array under another type with the same layout, for example with other names of nested fields.
    func retyped(_ type: DataType) -> ArrayData {
        ArrayData(
            type, length: length, offset: offset, validity: validity, buffers: buffers, children: children,
            dictionary: dictionary)
    }

    /// Whether this row is null.
    @inlinable
    public func isNull(_ row: Int) -> Bool {
        precondition(row >= 0 && row < length, "A row must lie inside its array.")
        defer { withExtendedLifetime(self) {} }
        if let validity { return !validity.bit(offset &+ row) }
        return layout == .null
    }

    /// How many rows are null; counts the bits. A dictionary-encoded row whose dictionary value is null does not count.
    public var nullCount: Int {
        if layout == .null { return length }
        guard let validity else { return 0 }
        defer { withExtendedLifetime(self) {} }
        return length - Bitmap.setBits(in: validity, from: offset, count: length)
    }
}

extension ArrayData {
    /// The array and row that hold the value of `row`: for dictionary-encoded arrays the one in the dictionary. Nil for
    /// null.
    @usableFromInline
    func resolve(_ row: Int) -> (ArrayData, Int)? {
        var (array, row) = (self, row)
        while true {
            if array.isNull(row) { return nil }
            guard case .dictionary(let index) = array.layout, let dictionary = array.dictionary else {
                return (array, row)
            }
            row = array.index(row, index)
            array = dictionary
        }
    }

    /// The index of a row of a dictionary-encoded array.
    func index(_ row: Int, _ type: IntegerType) -> Int {
        let position = offset &+ row
        return switch type {
        case .int8: Int(values.load(Int8.self, position))
        case .int16: Int(values.load(Int16.self, position))
        case .int32: Int(values.load(Int32.self, position))
        case .int64: Int(values.load(Int64.self, position))
        case .uint8: Int(values.load(UInt8.self, position))
        case .uint16: Int(values.load(UInt16.self, position))
        case .uint32: Int(values.load(UInt32.self, position))
        case .uint64: Int(truncatingIfNeeded: values.load(UInt64.self, position))
        }
    }

    /// The elements of the child that a row of a list or map has.
    func elementRange(_ row: Int) -> Range<Int> {
        let position = offset &+ row
        switch layout {
        case .list(offset: 4):
            return Int(values.load(Int32.self, position))..<Int(values.load(Int32.self, position + 1))
        case .list:
            return Int(values.load(Int64.self, position))..<Int(values.load(Int64.self, position + 1))
        case .fixedList(let count): return position * count..<(position + 1) * count
        default: return 0..<0
        }
    }

    /// The elements of a list, fixed-size list or map in this row, without a copy; for a map an array of structures.
    /// Nil for null and for other types.
    public func elements(_ row: Int) -> ArrayData? {
        guard let (array, row) = resolve(row) else { return nil }
        switch array.layout {
        case .list, .fixedList: return array.children[0].slice(array.elementRange(row))
        default: return nil
        }
    }

    /// The values of one field of a structure, a row for each row here, without a copy; nil for other types and unknown
    /// fields.
    ///
    /// Where the structure itself is null the field can have a value all the same, which means nothing.
    public func member(_ index: Int) -> ArrayData? {
        guard layout == .structure, children.indices.contains(index) else { return nil }
        return children[index].slice(offset..<offset + length)
    }

    /// Gives access to the bytes of a text or binary row, which must not be null and not dictionary-encoded; they are
    /// empty for other types.
    @inlinable
    func withBytes<Result>(_ row: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        defer { withExtendedLifetime(self) {} }
        let position = offset &+ row
        switch layout {
        case .variable(offset: 4):
            let start = Int(values.load(Int32.self, position))
            return bytes(start, Int(values.load(Int32.self, position &+ 1)) &- start, body)
        case .variable:
            let start = Int(values.load(Int64.self, position))
            return bytes(start, Int(values.load(Int64.self, position &+ 1)) &- start, body)
        case .view: return withView(position, body)
        case .fixed(let width):
            return body(UnsafeRawBufferPointer(start: values.base + position &* width, count: width))
        default: return body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }

    @usableFromInline
    func bytes<Result>(_ start: Int, _ count: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        body(UnsafeRawBufferPointer(start: buffers[1].base + start, count: count))
    }

    /// A view is a length and either up to 12 bytes or four bytes, a buffer number and an offset in that buffer.
    @usableFromInline
    func withView<Result>(_ position: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let count = Int(values.load(Int32.self, position &* 4))
        if count <= 12 { return body(UnsafeRawBufferPointer(start: values.base + (position &* 16 &+ 4), count: count)) }
        let buffer = buffers[Int(values.load(Int32.self, position &* 4 &+ 2)) &+ 1]
        let start = Int(values.load(Int32.self, position &* 4 &+ 3))
        return body(UnsafeRawBufferPointer(start: buffer.base + start, count: count))
    }
}
