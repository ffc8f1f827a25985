/// Integers are read from integer columns of any width whose every value fits; `Int64` and `Int` also give the plain
/// numbers behind dates, times, timestamps and durations, and `Int32` those of 32 bits.
extension FixedWidthInteger where Self: FixedWidthElement {
    /// The value in memory of a row that is null.
    @inlinable public static var placeholder: Self { 0 }

    /// Whether values of a column of this type can be read so.
    public static func isReadable(from type: DataType) -> Bool {
        switch type {
        case .int8: isSigned
        case .int16: isSigned && bitWidth >= 16
        case .int32: isSigned && bitWidth >= 32
        case .int64: isSigned && bitWidth >= 64
        case .uint8: bitWidth > (isSigned ? 8 : 0)
        case .uint16: bitWidth > (isSigned ? 16 : 8)
        case .uint32: bitWidth > (isSigned ? 32 : 16)
        case .uint64: !isSigned && bitWidth >= 64
        case .date32, .time32, .interval(.yearMonth): isSigned && bitWidth >= 32
        case .date64, .time64, .timestamp, .duration: isSigned && bitWidth >= 64
        default: false
        }
    }

    /// Reads a row of an array whose type was checked to be readable.
    @inlinable
    public init(reading array: ArrayData, _ row: Int) {
        let position = array.offset &+ row
        // The array's type was checked, so that nothing is cut off here.
        switch array.number {
        case .int8: self.init(truncatingIfNeeded: array.values.load(Int8.self, position))
        case .int16: self.init(truncatingIfNeeded: array.values.load(Int16.self, position))
        case .int32: self.init(truncatingIfNeeded: array.values.load(Int32.self, position))
        case .uint8: self.init(truncatingIfNeeded: array.values.load(UInt8.self, position))
        case .uint16: self.init(truncatingIfNeeded: array.values.load(UInt16.self, position))
        case .uint32: self.init(truncatingIfNeeded: array.values.load(UInt32.self, position))
        default: self.init(truncatingIfNeeded: array.values.load(Int64.self, position))
        }
    }

    /// The same value for a column of any type.
    public var cell: Cell {
        Self.isSigned ? .int(Int64(truncatingIfNeeded: self)) : .uint(UInt64(truncatingIfNeeded: self))
    }
}

extension Int8: FixedWidthElement {
    /// The type of a column that is made from such values.
    @inlinable public static var columnType: DataType { .int8 }
}

extension Int16: FixedWidthElement {
    /// The type of a column that is made from such values.
    @inlinable public static var columnType: DataType { .int16 }
}

extension Int32: FixedWidthElement {
    /// The type of a column that is made from such values.
    @inlinable public static var columnType: DataType { .int32 }
}

extension Int64: FixedWidthElement {
    /// The type of a column that is made from such values.
    @inlinable public static var columnType: DataType { .int64 }
}

extension UInt8: FixedWidthElement {
    /// The type of a column that is made from such values.
    @inlinable public static var columnType: DataType { .uint8 }
}

extension UInt16: FixedWidthElement {
    /// The type of a column that is made from such values.
    @inlinable public static var columnType: DataType { .uint16 }
}

extension UInt32: FixedWidthElement {
    /// The type of a column that is made from such values.
    @inlinable public static var columnType: DataType { .uint32 }
}

extension UInt64: FixedWidthElement {
    /// The type of a column that is made from such values.
    @inlinable public static var columnType: DataType { .uint64 }
}

extension Int: FixedWidthElement {
    /// The type of a column that is made from such values.
    @inlinable public static var columnType: DataType { .int64 }
}
