import DataFrames
import RembusTables
import RembusWire

/// How the rows of a dataframe become rows of a staging table: the columns that are needed, and an SQL expression for
/// each staged column (storage.md §4.4).
struct FramePlan {
    /// The needed columns, named `f0`, `f1`, … after the table's columns.
    let rows: RowSource
    /// The expressions, in the order of the staging table.
    let values: String
    /// Whether a row of this dataframe leaves a column of an existing row unchanged.
    let isPartial: Bool
    /// The names of columns that the table lacks, and of fields that a column lacks, which are not stored.
    let unknown: [String]

    private static let order = "f_order"

    /// - Parameter order: The order of the first row; 0 for a table without keys.
    /// - Throws: ``RejectReason``: the payload is not a dataframe, lacks a column that nothing else supplies, or has a
    ///   value that does not fit.
    init(_ rows: FrameRows, of table: TableSchema, statements: TableStatements, order: UInt64) throws {
        let source: DataFrame
        do {
            source = try DataFrame(arrow: rows.payload)
        } catch {
            throw RejectReason(.notADataFrame, "\(error)")
        }
        var unknown = try Self.unknown(source, rows, table)
        var columns: [Column] = []
        var made: [RowSource.Made] = []
        var values: [String] = []
        var masks = [UInt64](repeating: 0, count: statements.maskCount)
        var isPartial = false
        func make(_ index: Int, _ buffer: ColumnBuffer) {
            let type = table.allColumns[index].type
            made.append(.init(name: "f\(index)", buffer: buffer, type: type.stagingSQL))
            values.append("f\(index)")
        }
        for (index, column) in table.allColumns.enumerated() {
            if let given = source.column(like: column.name) {
                if index == table.receivedAtColumn {
                    columns.append(given.renamed("f\(index)"))
                    values.append(table.nanoseconds("f\(index)"))
                    continue
                }
                switch try FittedColumn(given, to: column) {
                case .given(let given):
                    columns.append(given.renamed("f\(index)"))
                    values.append(Self.cast("f\(index)", to: column.type))
                case .made(let buffer):
                    unknown += buffer.takeUnknownFields(of: column.name, column.type)
                    make(index, buffer)
                }
                Self.mention(index, in: &masks)
                continue
            }
            if index == table.receivedAtColumn || index == table.slotColumn {
                // A column of its own, so that dataframes with different times can be written together.
                columns.append(Self.extra(index, rows, table, count: source.rowCount))
                values.append("f\(index)")
                continue
            }
            switch try Self.missing(index, rows, table) {
            case .value(let value):
                if let literal = value.literal(for: column.type) {
                    values.append(Self.cast(literal, to: column.type))
                } else {
                    let fitter = ColumnFitter(column, capacity: 1)
                    try fitter.append(value)
                    make(index, fitter.buffer.repeating(0, count: source.rowCount))
                }
                Self.mention(index, in: &masks)
            case .null, .required:
                values.append("NULL")
                isPartial = true
            }
        }
        if statements.isKeyed {
            columns.append(Column(Self.order, (0..<UInt64(source.rowCount)).map { order + $0 }))
            values.append(Self.order)
            values += masks.map(String.init)
        } else if columns.isEmpty, made.isEmpty {
            // All columns are constant, but there have to be as many rows as the dataframe has.
            columns.append(Column(Self.order, (0..<UInt64(source.rowCount)).map { $0 }))
        }
        self.unknown = unknown
        self.rows = RowSource(frame: try DataFrame(columns: columns), made: made, rowCount: source.rowCount)
        self.values = values.joined(separator: ", ")
        self.isPartial = isPartial && statements.isKeyed
    }

    /// The columns of a dataframe that the table lacks. Throws when the table has none of them, unless the topic alone
    /// makes the rows.
    private static func unknown(
        _ source: DataFrame, _ rows: FrameRows, _ table: TableSchema
    ) throws(RejectReason) -> [String] {
        let known = Set(table.allColumns.map { $0.name.lowercased() })
        let unknown = source.columnNames.filter { !known.contains($0.lowercased()) }.prefix(16)
            .map { String($0.prefix(60)) }
        if !unknown.isEmpty, unknown.count == source.columnCount, !rows.match.remaining.isEmpty {
            throw .unknownColumns(unknown, of: table)
        }
        return unknown
    }

    /// The receive time or the slot, repeated for each row.
    private static func extra(_ column: Int, _ rows: FrameRows, _ table: TableSchema, count: Int) -> Column {
        if column == table.receivedAtColumn {
            return Column("f\(column)", [UInt64](repeating: rows.receivedAt, count: count))
        }
        return Column("f\(column)", [UInt32?](repeating: rows.slot, count: count))
    }

    /// The value of a column that the dataframe lacks.
    private static func missing(_ column: Int, _ rows: FrameRows, _ table: TableSchema) throws -> FrameConstant {
        let constant = rows.missing[column]
        if constant == .required {
            let name = table.columns[column].name
            throw RejectReason(
                .missingColumn, "The dataframe has no column \(name), and nothing else gives it.", column: name)
        }
        return constant
    }

    private static func mention(_ column: Int, in masks: inout [UInt64]) {
        guard column / 64 < masks.count else { return }
        masks[column / 64] |= 1 << UInt64(column % 64)
    }

    private static func cast(_ value: String, to type: ColumnType) -> String {
        let cast = "CAST(\(value) AS \(type.sql))"
        return type.castsInDatabase ? "CAST(\(cast) AS VARCHAR)" : cast
    }
}

extension Value {
    /// The value as an SQL literal whose cast to the type has the result of ``ColumnFitter``; nil when it may not.
    fileprivate func literal(for type: ColumnType) -> String? {
        switch (type, self) {
        case (.varchar, .text(let text)): SQL.literal(text)
        case (.double, .integer), (.bigint, .integer): description
        case (.double, .float(let value)) where value.isFinite: "\(value)"
        default: nil
        }
    }
}

extension DataFrame {
    /// The column with a name, compared without regard to case as in DuckDB, unless two columns differ only in case.
    func column(like name: String) -> Column? {
        if let exact = self[name] { return exact }
        let folded = name.lowercased()
        return columns.first { $0.name.lowercased() == folded }
    }
}
