/// A Swift type that values of a column can be read as.
///
/// The library's conformances: the integers, `Float16` (where it exists), `Float`, `Double`, `Bool`, `String`,
/// `[UInt8]`, ``CalendarDate``, ``TimeOfDay``, ``Timestamp``, ``TimeSpan``, ``CalendarInterval``, ``DecimalNumber`` and
/// ``Cell``.
public protocol ColumnElement: Sendable {
    /// Whether every value of a column of this type can be read. Dictionary-encoded columns ask for the type of their
    /// values.
    static func isReadable(from type: DataType) -> Bool

    /// Reads a row that is not null. The array's type is readable and it is not dictionary-encoded.
    init(reading array: ArrayData, _ row: Int)

    /// The value for a column that is being made.
    var cell: Cell { get }
}

/// An element that has a column type of its own, into which every value fits.
public protocol NativeElement: ColumnElement {
    /// The type of a column that is made from such values without naming a type.
    static var columnType: DataType { get }

    /// Makes an array from values.
    static func array(_ values: [Self?]) -> ArrayData
}

/// An element whose bytes in memory are those in a column of its type.
public protocol FixedWidthElement: NativeElement, BitwiseCopyable {
    /// The value in memory of a row that is null.
    static var placeholder: Self { get }
}

extension FixedWidthElement {
    /// Copies values into an array; it has a bitmap only if there are nulls.
    @inlinable
    public static func array(_ values: [Self?]) -> ArrayData {
        let count = values.count
        return ArrayData.filled(columnType, count, width: MemoryLayout<Self>.size) { target, bitmap in
            var (row, hasNulls) = (0, false)
            for value in values {
                target.storeBytes(of: value ?? placeholder, toByteOffset: row &* MemoryLayout<Self>.size, as: Self.self)
                if value == nil { hasNulls = true } else { bitmap[row >> 3] |= 1 << UInt8(truncatingIfNeeded: row & 7) }
                row &+= 1
            }
            return hasNulls
        }
    }

    /// Copies values without nulls into an array.
    static func array(copying values: [Self]) -> ArrayData {
        let buffer = values.withUnsafeBytes { ArrowBuffer(copying: $0) }
        return ArrayData(columnType, length: values.count, buffers: [buffer])
    }
}

extension ArrayData {
    /// Makes an array of `count` values that take `width` bytes each.
    ///
    /// `fill` gets the memory of the values, which it has to write, and of a bitmap without set bits; it returns
    /// whether there are nulls.
    @usableFromInline
    static func filled(
        _ type: DataType, _ count: Int, width: Int,
        _ fill: (UnsafeMutableRawPointer, UnsafeMutablePointer<UInt8>) -> Bool
    ) -> ArrayData {
        let values = ArrowMemory(capacity: count * width)
        let bitmap = ArrowMemory(capacity: Bitmap.byteCount(count))
        let bits = bitmap.base.initializeMemory(as: UInt8.self, repeating: 0, count: bitmap.capacity)
        let hasNulls = fill(values.base, bits)
        let validity = hasNulls ? bitmap.buffer(count: Bitmap.byteCount(count)) : nil
        return ArrayData(type, length: count, validity: validity, buffers: [values.buffer(count: count * width)])
    }
}
