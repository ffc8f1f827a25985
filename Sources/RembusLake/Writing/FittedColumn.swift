import DataFrames
import RembusTables
import RembusWire

/// A dataframe's column converted to the type of a table's column.
///
/// If DuckDB's own cast has the result of ``ColumnFitter``, the values are used as they are. All others are converted
/// one by one with it, so that a value in a dataframe is stored as in any other payload.
enum FittedColumn {
    case given(Column)
    case made(ColumnBuffer)

    /// - Throws: Why a value of the dataframe does not fit.
    init(_ column: Column, to schema: ColumnSchema) throws(RejectReason) {
        if schema.epoch == nil || column.type.isInstant, schema.type.takes(column.type) {
            self = .given(column)
            return
        }
        let fitter = ColumnFitter(schema, capacity: column.count + 1)
        for row in 0..<column.count {
            do throws(RejectReason) {
                try fitter.append(column.cell(row), as: schema.type)
            } catch {
                throw RejectReason(error.code, "Row \(row) of the dataframe: \(error.message)", column: error.column)
            }
        }
        self = .made(fitter.buffer)
    }
}

extension ColumnType {
    /// Whether a cast of the database has the same result for all values of a type, without loss and without a check.
    func takes(_ type: DataType) -> Bool {
        switch (self, type) {
        case (.boolean, .bool): true
        case (.tinyint, .int8): true
        case (.smallint, .int8), (.smallint, .int16), (.smallint, .uint8): true
        case (.integer, .int8), (.integer, .int16), (.integer, .int32), (.integer, .uint8), (.integer, .uint16): true
        case (.utinyint, .uint8), (.usmallint, .uint8), (.usmallint, .uint16): true
        case (.uinteger, .uint8), (.uinteger, .uint16), (.uinteger, .uint32): true
        case (.ubigint, _) where type.isUnsigned, (.uhugeint, _) where type.isUnsigned: true
        case (.bigint, _) where type.isInteger: type != .uint64
        case (.hugeint, _) where type.isInteger, (.double, _) where type.isInteger: true
        case (.float, .float32), (.double, .float32), (.double, .float64): true
        case (.decimal(let precision, let scale), .decimal128(let given, let places)):
            places >= 0 && places <= scale && given - places <= precision - scale
        case (.varchar, _): type.valueType.isText
        case (.blob, .binary), (.blob, .largeBinary), (.blob, .binaryView): true
        case (.date, .date32), (.time, .time64(.microsecond)): true
        case (.timestamp, .timestamp(.microsecond, _)), (.timestampTZ, .timestamp(.microsecond, _)): true
        case (.timestampNS, .timestamp(.nanosecond, nil)), (.timestampMS, .timestamp(.millisecond, nil)): true
        case (.list(let element), .list(let field)), (.list(let element), .largeList(let field)):
            element.takes(field.type)
        case (.structure(let wanted), .structure(let given)):
            wanted.count == given.count
                && zip(wanted, given).allSatisfy { $0.name == $1.name && $0.type.takes($1.type) }
        default: false
        }
    }
}

extension DataType {
    fileprivate var isUnsigned: Bool { [.uint8, .uint16, .uint32, .uint64].contains(self) }
    fileprivate var isInteger: Bool { isUnsigned || [.int8, .int16, .int32, .int64].contains(self) }

    /// Whether the values are points in time, which the unit of a column does not change.
    fileprivate var isInstant: Bool {
        switch self {
        case .date32, .timestamp: true
        default: false
        }
    }
}
