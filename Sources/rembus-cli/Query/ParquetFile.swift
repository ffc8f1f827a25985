import DataFrames
import Foundation
import RembusLake

/// Writes a dataframe as a Parquet file, with DuckDB.
enum ParquetFile {
    static func write(_ frame: DataFrame, to file: String) throws(CommandFailure) {
        guard frame.columnCount > 0 else { throw CommandFailure("a table without columns has no form in Parquet") }
        do {
            let connection = try Database().connect()
            let columns = frame.columns.map { "\(SQL.identifier($0.name)) \(sqlType(of: $0.type))" }
            try connection.execute("CREATE TABLE rows (\(columns.joined(separator: ", ")))")
            // This is called once for each part of the frame. Without rows it is not called, which leaves a file with
            // columns only.
            try connection.run("INSERT INTO rows FROM frame", over: frame, as: "frame")
            let path = SQL.literal(URL(fileURLWithPath: file).path)
            try connection.execute("COPY rows TO \(path) (FORMAT parquet)")
        } catch {
            throw CommandFailure("cannot write \(file): \(CommandFailure.phrase(error.message))")
        }
    }

    /// DuckDB's type for the values of a column. For a type that DuckDB lacks, creating the column fails.
    private static func sqlType(of type: DataType) -> String {
        switch type {
        // Parquet has no type for columns of nulls, so any other type is used.
        case .null: "INTEGER"
        case .bool: "BOOLEAN"
        case .int8: "TINYINT"
        case .int16: "SMALLINT"
        case .int32: "INTEGER"
        case .int64: "BIGINT"
        case .uint8: "UTINYINT"
        case .uint16: "USMALLINT"
        case .uint32: "UINTEGER"
        case .uint64: "UBIGINT"
        case .float16, .float32: "FLOAT"
        case .float64: "DOUBLE"
        case .utf8, .largeUtf8, .utf8View: "VARCHAR"
        case .binary, .largeBinary, .binaryView, .fixedSizeBinary: "BLOB"
        case .date32, .date64: "DATE"
        case .time32, .time64: "TIME"
        case .timestamp(_, .some): "TIMESTAMPTZ"
        case .timestamp(.second, nil): "TIMESTAMP_S"
        case .timestamp(.millisecond, nil): "TIMESTAMP_MS"
        case .timestamp(.microsecond, nil): "TIMESTAMP"
        case .timestamp(.nanosecond, nil): "TIMESTAMP_NS"
        case .duration, .interval: "INTERVAL"
        case .decimal128(let precision, let scale), .decimal256(let precision, let scale):
            "DECIMAL(\(precision), \(scale))"
        case .list(let field), .largeList(let field): "\(sqlType(of: field.type))[]"
        case .fixedSizeList(let field, let count): "\(sqlType(of: field.type))[\(count)]"
        case .structure(let fields):
            "STRUCT(" + fields.map { "\(SQL.identifier($0.name)) \(sqlType(of: $0.type))" }.joined(separator: ", ")
                + ")"
        case .map(let entries, _):
            "MAP(" + entries.type.fields.map { sqlType(of: $0.type) }.joined(separator: ", ") + ")"
        case .dictionary(_, let value, _): sqlType(of: value)
        }
    }
}
