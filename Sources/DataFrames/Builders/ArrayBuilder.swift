/// Makes an array of any type value by value.
///
/// One builder makes one array; it belongs to the code that made it and is not shared.
public final class ArrayBuilder {
    /// The type of the array that is made.
    public let type: DataType
    /// How many values were appended.
    public private(set) var count = 0
    let layout: Layout
    var validity = BitmapBuilder()
    /// Values, offsets, views or indices.
    var values = BufferBuilder()
    /// The bits of a column of bools.
    var bits = BitmapBuilder()
    /// The bytes of text and binary values.
    var bytes = BufferBuilder()
    let children: [ArrayBuilder]
    /// The index that each value of a dictionary has.
    var indices: [Cell: Int] = [:]

    /// Starts an array of this type.
    public init(_ type: DataType) {
        self.type = type
        layout = type.layout
        switch type {
        case .dictionary(_, let value, _): children = [ArrayBuilder(value)]
        default: children = type.fields.map { ArrayBuilder($0.type) }
        }
        appendOffset(0)
    }

    /// Appends a null.
    public func appendNull() {
        validity.append(false)
        count += 1
        switch layout {
        case .null: break
        case .bits: bits.append(false)
        case .fixed(let width): values.append(zeros: width)
        case .variable: appendOffset(bytes.count)
        case .view: values.append(zeros: 16)
        case .list: appendOffset(children[0].count)
        case .fixedList(let length): for _ in 0..<length { children[0].appendNull() }
        case .structure: children.forEach { $0.appendNull() }
        case .dictionary(let index): values.append(zeros: index.width)
        }
    }

    /// Counts a value that was written to the buffers.
    func appended() {
        validity.append(true)
        count += 1
    }

    /// How many bytes the values take so far, without bitmaps.
    var byteCount: Int { values.count + bytes.count + children.reduce(0) { $0 + $1.byteCount } }

    /// Writes the end of a text or list.
    func appendOffset(_ offset: Int) {
        switch layout {
        case .variable(offset: 4), .list(offset: 4): values.append(Int32(truncatingIfNeeded: offset))
        case .variable, .list: values.append(Int64(offset))
        default: break
        }
    }

    /// What was appended, as an array. The builder must not be used afterwards.
    public func finish() -> ArrayData {
        let hasNulls = validity.clear > 0 && layout != .null
        let bitmap = hasNulls ? validity.finish() : nil
        let buffers: [ArrowBuffer] =
            switch layout {
            case .null, .structure, .fixedList: []
            case .bits: [bits.finish()]
            case .fixed, .list, .dictionary: [values.finish()]
            case .variable: [values.finish(), bytes.finish()]
            case .view: bytes.count > 0 ? [values.finish(), bytes.finish()] : [values.finish()]
            }
        let parts = children.map { $0.finish() }
        if case .dictionary = layout {
            return ArrayData(type, length: count, validity: bitmap, buffers: buffers, dictionary: parts[0])
        }
        return ArrayData(type, length: count, validity: bitmap, buffers: buffers, children: parts)
    }
}
