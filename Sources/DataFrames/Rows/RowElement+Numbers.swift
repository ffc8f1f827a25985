/// Integers are read from every column of numbers, as long as the value is an integer that fits.
extension RowElement where Self: FixedWidthInteger {
    static func read(_ array: ArrayData, _ row: Int) -> Self? {
        switch array.type {
        case .int8, .int16, .int32, .int64: return Self(exactly: Int64(reading: array, row))
        case .uint8, .uint16, .uint32, .uint64: return Self(exactly: UInt64(reading: array, row))
        case .float16, .float32, .float64: return Self(exactly: Double(reading: array, row))
        case .decimal128, .decimal256:
            // Databases give sums of integers as decimals without a fraction.
            guard let unscaled = DecimalNumber(reading: array, row).rescaled(to: 0)?.unscaled else { return nil }
            return Self(exactly: unscaled)
        default: return nil
        }
    }
}

extension Int: RowElement {}
extension Int8: RowElement {}
extension Int16: RowElement {}
extension Int32: RowElement {}
extension Int64: RowElement {}
extension UInt8: RowElement {}
extension UInt16: RowElement {}
extension UInt32: RowElement {}
extension UInt64: RowElement {}

extension UInt: RowElement {
    static var rowType: DataType { .uint64 }
    var cell: Cell { .uint(UInt64(self)) }
}

extension Int128: RowElement {
    static var rowType: DataType { .decimal128(precision: 38, scale: 0) }
    var cellType: DataType { DecimalNumber(self, scale: 0).cellType }
    var cell: Cell { .decimal(DecimalNumber(self, scale: 0)) }
}

extension UInt128: RowElement {
    static var rowType: DataType { .decimal128(precision: 38, scale: 0) }
    var cellType: DataType { DecimalNumber(high: 0, low: self, scale: 0).cellType }
    var cell: Cell { .decimal(DecimalNumber(high: 0, low: self, scale: 0)) }
}

/// Floats are read from every column of numbers, rounded to the nearest.
extension Double: RowElement {
    static func read(_ array: ArrayData, _ row: Int) -> Double? {
        switch array.type {
        case .float16, .float32, .float64: Double(reading: array, row)
        case .int8, .int16, .int32, .int64: Double(Int64(reading: array, row))
        case .uint8, .uint16, .uint32, .uint64: Double(UInt64(reading: array, row))
        case .decimal128, .decimal256: DecimalNumber(reading: array, row).doubleValue
        default: nil
        }
    }
}

extension Float: RowElement {
    static func read(_ array: ArrayData, _ row: Int) -> Float? { Double.read(array, row).map(Float.init) }
}
