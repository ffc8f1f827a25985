import NIOCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A Swift type that is one value of a row by itself, without asking a coder for a container.
protocol RowElement {
    /// The type of the column that such values make, as far as it is known without a value.
    static var rowType: DataType { get }
    /// The type of the column that this value makes.
    var cellType: DataType { get }
    /// The value as it goes into a column.
    var cell: Cell { get }
    /// Reads a row that is not null, of an array that is not dictionary-encoded; nil when it has another type or does
    /// not fit.
    static func read(_ array: ArrayData, _ row: Int) -> Self?
}

extension RowElement {
    var cellType: DataType { Self.rowType }
}

extension RowElement where Self: NativeElement {
    static var rowType: DataType { columnType }
}

/// An element that rows read like columns do.
protocol ColumnRowElement: RowElement, ColumnElement {}

extension ColumnRowElement {
    static func read(_ array: ArrayData, _ row: Int) -> Self? {
        isReadable(from: array.type) ? Self(reading: array, row) : nil
    }
}

extension Bool: ColumnRowElement {}
extension String: ColumnRowElement {}
extension CalendarDate: ColumnRowElement {}
extension CalendarInterval: ColumnRowElement {}

extension [UInt8]: RowElement {
    static func read(_ array: ArrayData, _ row: Int) -> [UInt8]? {
        if array.type.isBinary { return [UInt8](reading: array, row) }
        guard let elements = array.elements(row) else { return nil }
        var bytes: [UInt8] = []
        for index in 0..<elements.length {
            guard let (array, row) = elements.resolve(index), let byte = UInt8.read(array, row) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}

extension Timestamp: ColumnRowElement {
    static var rowType: DataType { .timestamp(.microsecond, timeZone: nil) }
    var cellType: DataType { .timestamp(unit, timeZone: timeZone) }
}

extension TimeOfDay: ColumnRowElement {
    static var rowType: DataType { .time64(.microsecond) }
    var cellType: DataType {
        switch unit {
        case .second, .millisecond: .time32(unit)
        case .microsecond, .nanosecond: .time64(unit)
        }
    }
}

extension TimeSpan: ColumnRowElement {
    static var rowType: DataType { .duration(.microsecond) }
    var cellType: DataType { .duration(unit) }
}

extension DecimalNumber: RowElement {
    static var rowType: DataType { .decimal128(precision: 38, scale: 0) }
    var cellType: DataType {
        unscaled != nil && digitCount <= 38
            ? .decimal128(precision: 38, scale: scale) : .decimal256(precision: 76, scale: scale)
    }

    static func read(_ array: ArrayData, _ row: Int) -> DecimalNumber? {
        if isReadable(from: array.type) { return DecimalNumber(reading: array, row) }
        return Int128.read(array, row).map { DecimalNumber($0, scale: 0) }
    }
}

extension Cell: RowElement {
    static var rowType: DataType { .null }
    var cellType: DataType { inferredType }
    static func read(_ array: ArrayData, _ row: Int) -> Cell? { array.cell(row) }
}

// MARK: - Foundation

/// Instants are `timestamp[us, tz=UTC]`; they are read from dates and timestamps of every unit.
extension Date: RowElement {
    static var rowType: DataType { .timestamp(.microsecond, timeZone: "UTC") }

    var cell: Cell {
        let microseconds = (timeIntervalSince1970 * 1e6).rounded()
        return Int64(exactly: microseconds).map { .timestamp(Timestamp($0, .microsecond, timeZone: "UTC")) } ?? .null
    }

    static func read(_ array: ArrayData, _ row: Int) -> Date? {
        switch array.type {
        case .date32: return Date(timeIntervalSince1970: Double(Int64(reading: array, row)) * 86_400)
        case .date64, .timestamp:
            let perSecond = array.type.timeUnit.perSecond
            let (seconds, rest) = floorDivide(Int64(reading: array, row), perSecond)
            return Date(timeIntervalSince1970: Double(seconds) + Double(rest) / Double(perSecond))
        default: return nil
        }
    }
}

extension Data: RowElement {
    static var rowType: DataType { .binary }
    var cell: Cell { .bytes(Array(self)) }
    static func read(_ array: ArrayData, _ row: Int) -> Data? {
        array.type.isBinary ? array.withBytes(row) { Data($0) } : nil
    }
}

extension ByteBuffer: RowElement {
    static var rowType: DataType { .binary }
    var cell: Cell { .bytes(Array(readableBytesView)) }
    static func read(_ array: ArrayData, _ row: Int) -> ByteBuffer? {
        array.type.isBinary ? array.withBytes(row) { ByteBuffer(bytes: $0) } : nil
    }
}

/// Identifiers are texts; they are read from sixteen bytes too.
extension UUID: RowElement {
    static var rowType: DataType { .utf8 }
    var cell: Cell { .text(uuidString.lowercased()) }

    static func read(_ array: ArrayData, _ row: Int) -> UUID? {
        if array.type.isText { return UUID(uuidString: String(reading: array, row)) }
        guard array.type.isBinary else { return nil }
        return array.withBytes(row) { bytes in
            bytes.count == 16 ? UUID(uuid: bytes.loadUnaligned(as: uuid_t.self)) : nil
        }
    }
}

extension URL: RowElement {
    static var rowType: DataType { .utf8 }
    var cell: Cell { .text(absoluteString) }
    static func read(_ array: ArrayData, _ row: Int) -> URL? {
        array.type.isText ? URL(string: String(reading: array, row)) : nil
    }
}

/// Lengths of time are `duration[us]`; finer fractions are rounded towards zero.
extension Duration: RowElement {
    static var rowType: DataType { .duration(.microsecond) }

    var cell: Cell {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        return overflow || carry ? .null : .duration(TimeSpan(sum, .microsecond))
    }

    static func read(_ array: ArrayData, _ row: Int) -> Duration? {
        guard case .duration(let unit) = array.type else { return nil }
        return TimeSpan(Int64(reading: array, row), unit).duration
    }
}
