/// How the values of a type lie in memory.
@usableFromInline
enum Layout: Sendable, Hashable {
    /// No buffer at all.
    case null
    /// One bit for each value.
    case bits
    /// The same number of bytes for each value.
    case fixed(Int)
    /// Offsets of this width into one buffer of bytes.
    case variable(offset: Int)
    /// Views of 16 bytes, and any number of buffers that long values lie in.
    case view
    /// Offsets of this width into the child.
    case list(offset: Int)
    /// So many elements of the child for each value.
    case fixedList(Int)
    /// One child for each field.
    case structure
    /// Indices of this type into a dictionary.
    case dictionary(IntegerType)

}

/// The numbers that an array consists of in memory, without what they mean.
@usableFromInline
enum NumberKind: UInt8, Sendable {
    case int8, int16, int32, int64, uint8, uint16, uint32, uint64, float16, float32, float64, other
}

extension DataType {
    var number: NumberKind {
        switch self {
        case .int8: .int8
        case .int16: .int16
        case .int32, .date32, .time32, .interval(.yearMonth): .int32
        case .int64, .date64, .time64, .timestamp, .duration: .int64
        case .uint8: .uint8
        case .uint16: .uint16
        case .uint32: .uint32
        case .uint64: .uint64
        case .float16: .float16
        case .float32: .float32
        case .float64: .float64
        default: .other
        }
    }

    var layout: Layout {
        switch self {
        case .null: .null
        case .bool: .bits
        case .int8, .uint8: .fixed(1)
        case .int16, .uint16, .float16: .fixed(2)
        case .int32, .uint32, .float32, .date32, .time32, .interval(.yearMonth): .fixed(4)
        case .int64, .uint64, .float64, .date64, .time64, .timestamp, .duration, .interval(.dayTime): .fixed(8)
        case .interval(.monthDayNano), .decimal128: .fixed(16)
        case .decimal256: .fixed(32)
        case .fixedSizeBinary(let width): .fixed(width)
        case .utf8, .binary: .variable(offset: 4)
        case .largeUtf8, .largeBinary: .variable(offset: 8)
        case .utf8View, .binaryView: .view
        case .list, .map: .list(offset: 4)
        case .largeList: .list(offset: 8)
        case .fixedSizeList(_, let count): .fixedList(count)
        case .structure: .structure
        case .dictionary(let index, _, _): .dictionary(index)
        }
    }

    /// Whether the values are text, in whatever layout.
    public var isText: Bool {
        switch self {
        case .utf8, .largeUtf8, .utf8View: true
        default: false
        }
    }

    /// Whether the values are bytes, in whatever layout.
    public var isBinary: Bool {
        switch self {
        case .binary, .largeBinary, .binaryView, .fixedSizeBinary: true
        default: false
        }
    }
}
