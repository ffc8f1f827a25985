import DataFrames
import Foundation
import RembusLake

/// Writes frames as Parquet, which DuckDB knows how to do.
enum ParquetFile {
    static func write(_ frame: DataFrame, to file: String) throws {
        do {
            let connection = try Database(path: nil, options: [:]).connect()
            let columns = try zip(frame.columnNames, frame.schema.fields).map { name, field in
                "\(SQL.identifier(name)) \(try sql(field.type))"
            }
            try connection.execute("CREATE TABLE rows (\(columns.joined(separator: ", ")))")
            try connection.run("INSERT INTO rows FROM frame", over: frame, as: "frame")
            let path = SQL.literal(URL(fileURLWithPath: file).path)
            try connection.execute("COPY rows TO \(path) (FORMAT parquet)")
        } catch let error as CommandFailure {
            throw error
        } catch {
            throw CommandFailure("cannot write \(file): \(CommandFailure.phrase("\(error)"))")
        }
    }

    /// The type of a table's column that holds such values.
    private static func sql(_ type: DataType) throws -> String {
        switch type {
        case .bool: "BOOLEAN"
        case .int8: "TINYINT"
        case .int16: "SMALLINT"
        case .int32: "INTEGER"
        case .int64: "BIGINT"
        case .uint8: "UTINYINT"
        case .uint16: "USMALLINT"
        case .uint32: "UINTEGER"
        case .uint64: "UBIGINT"
        case .float32: "FLOAT"
        case .float64: "DOUBLE"
        case .decimal128(let precision, let scale): "DECIMAL(\(precision), \(scale))"
        case .utf8, .largeUtf8, .utf8View: "VARCHAR"
        case .binary, .largeBinary, .binaryView, .fixedSizeBinary: "BLOB"
        case .date32, .date64: "DATE"
        case .time32, .time64: "TIME"
        case .timestamp(_, timeZone: .some): "TIMESTAMP WITH TIME ZONE"
        case .timestamp(.nanosecond, timeZone: nil): "TIMESTAMP_NS"
        case .timestamp: "TIMESTAMP"
        case .interval, .duration: "INTERVAL"
        case .list(let field), .largeList(let field), .fixedSizeList(let field, _): "\(try sql(field.type))[]"
        case .structure(let fields):
            "STRUCT(" + (try fields.map { "\(SQL.identifier($0.name)) \(try sql($0.type))" }).joined(separator: ", ") + ")"
        case .dictionary(_, let value, _): try sql(value)
        default: throw CommandFailure("a column of the type \(type) has no form in Parquet")
        }
    }
}
