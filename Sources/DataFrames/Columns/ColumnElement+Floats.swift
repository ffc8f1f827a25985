extension Double: FixedWidthElement {
    /// The value in memory of a row that is null.
    @inlinable public static var placeholder: Double { 0 }
    /// The type of a column that is made from such values.
    @inlinable public static var columnType: DataType { .float64 }

    /// Doubles are read from all floats, and from integers of at most 32 bits.
    public static func isReadable(from type: DataType) -> Bool {
        switch type {
        case .float16, .float32, .float64, .int8, .int16, .int32, .uint8, .uint16, .uint32: true
        default: false
        }
    }

    /// Reads a row of an array whose type was checked to be readable.
    @inlinable
    public init(reading array: ArrayData, _ row: Int) {
        let position = array.offset &+ row
        switch array.number {
        case .float64: self = array.values.load(Double.self, position)
        case .float32: self = Double(array.values.load(Float.self, position))
        case .float16: self = Double(HalfFloat.float(array.values.load(UInt16.self, position)))
        default: self = Double(Int64(reading: array, row))
        }
    }

    /// The same value for a column of any type.
    public var cell: Cell { .double(self) }
}

extension Float: FixedWidthElement {
    /// The value in memory of a row that is null.
    @inlinable public static var placeholder: Float { 0 }
    /// The type of a column that is made from such values.
    @inlinable public static var columnType: DataType { .float32 }

    /// Single floats are read from half and single floats, and from integers of at most 16 bits.
    public static func isReadable(from type: DataType) -> Bool {
        switch type {
        case .float16, .float32, .int8, .int16, .uint8, .uint16: true
        default: false
        }
    }

    /// Reads a row of an array whose type was checked to be readable.
    @inlinable
    public init(reading array: ArrayData, _ row: Int) {
        let position = array.offset &+ row
        switch array.number {
        case .float32: self = array.values.load(Float.self, position)
        case .float16: self = HalfFloat.float(array.values.load(UInt16.self, position))
        default: self = Float(Int64(reading: array, row))
        }
    }

    /// The same value for a column of any type.
    public var cell: Cell { .float(self) }
}

#if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
extension Float16: FixedWidthElement {
    /// The value in memory of a row that is null.
    @inlinable public static var placeholder: Float16 { 0 }
    /// The type of a column that is made from such values.
    @inlinable public static var columnType: DataType { .float16 }

    /// Whether values of a column of this type can be read so.
    public static func isReadable(from type: DataType) -> Bool { type == .float16 }

    /// Reads a row of an array whose type was checked to be readable.
    @inlinable
    public init(reading array: ArrayData, _ row: Int) {
        self = array.values.load(Float16.self, array.offset &+ row)
    }

    /// The same value for a column of any type.
    public var cell: Cell { .float(Float(self)) }
}
#endif
