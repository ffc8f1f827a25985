import DataFrames
import NIOCore
import RembusStore
import RembusWire

/// Turns records (maps) into a frame whose texts the database casts.
struct UpsertRecords {
    private let schema: TableSchema
    /// Whether a column that a record does not have gets its default here. Where it is left null instead, the statement
    /// puts the default into new rows.
    private let fillsDefaults: Bool

    init(_ schema: TableSchema, fillsDefaults: Bool) {
        self.schema = schema
        self.fillsDefaults = fillsDefaults
    }

    /// One row per record; a column for every one that some record has.
    func frame(_ records: [ValueMap]) throws(LakeError) -> DataFrame {
        var cells: [Int: [Value?]] = [:]
        for (row, record) in records.enumerated() {
            for pair in record.pairs {
                guard let name = pair.key.stringValue else {
                    throw LakeError(.invalid, "upsert failed: a column's name must be a text")
                }
                let index = try Upsert.position(of: name, in: schema)
                if index == schema.receivedAtColumn { continue }
                cells[index, default: Array(repeating: nil, count: records.count)][row] = pair.value
            }
        }
        var columns: [Column] = []
        for (index, values) in cells.sorted(by: { $0.key < $1.key }) {
            columns.append(try column(schema.allColumns[index], values))
        }
        return try LakeError.wrapping { () throws(DataFrameError) in try DataFrame(columns: columns) }
    }

    private func column(_ column: ColumnSchema, _ values: [Value?]) throws(LakeError) -> Column {
        let missing = fillsDefaults ? column.defaultValue : nil
        if column.type == .blob {
            var cells: [[UInt8]?] = []
            for value in values { cells.append(try Self.bytes(value ?? missing, column)) }
            return Column(column.name, cells)
        }
        var cells: [String?] = []
        for value in values { cells.append(try Self.text(value ?? missing, column)) }
        return Column(column.name, cells)
    }

    private static func bytes(_ value: Value?, _ column: ColumnSchema) throws(LakeError) -> [UInt8]? {
        guard let value, !value.isNull else { return nil }
        if let text = value.stringValue { return Array(text.utf8) }
        guard let bytes = value.bytesValue else { throw unfit(value, column) }
        return Array(bytes.readableBytesView)
    }

    /// The value as a text that DuckDB casts to the column's type.
    static func text(_ value: Value?, _ column: ColumnSchema) throws(LakeError) -> String? {
        guard let value, !value.isNull else { return nil }
        switch value {
        case .bool(let truth): return truth ? "true" : "false"
        case .integer, .unsigned, .negative, .bigInteger: return value.description
        case .float(let number): return "\(number)"
        case .text(let text), .tagged(Value.Tag.dateText, .text(let text)): return text
        case .tagged(Value.Tag.epochSeconds, let seconds):
            guard let number = seconds.doubleValue, number.isFinite, abs(number) < 1e11 else {
                throw unfit(value, column)
            }
            let time = TimeTravel(microseconds: Int64((number * 1_000_000).rounded()))
            return time.text
        case .array, .map:
            guard column.type == .json else { throw unfit(value, column) }
            return value.jsonText
        default: throw unfit(value, column)
        }
    }

    private static func unfit(_ value: Value, _ column: ColumnSchema) -> LakeError {
        LakeError(
            .conversion,
            "upsert failed: \(value.description.prefix(60)) does not fit the column \(column.name) (\(column.type.sql))"
        )
    }
}
