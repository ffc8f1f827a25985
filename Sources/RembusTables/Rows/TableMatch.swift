package import RembusWire

/// How a topic fills a table: the table, and the values of columns that a payload does not contain.
///
/// Made once per topic and kept by the caller. Not `Sendable`: it belongs to the thread of its batch.
package final class TableMatch {
    /// The table's position in the schema.
    package let table: Int
    /// Whether the topic gives variables, so that a message without arguments is a row (storage.md §4.1). It does not when
    /// the table was found by its name.
    package let hasVariables: Bool
    /// The columns that no variable names, in the schema's order: what a positional payload gives.
    package let remaining: [Int]
    /// Per column of the schema.
    let fills: [ColumnFill]
    /// What a frame's missing columns get, per column of the schema.
    package let frameConstants: [FrameConstant]

    init(table index: Int, of table: TableSchema, variables: [String: String]) {
        self.table = index
        hasVariables = !variables.isEmpty
        remaining = table.columns.indices.filter { variables[table.columns[$0].name] == nil }
        var fills: [ColumnFill] = []
        var constants: [FrameConstant] = []
        for (position, column) in table.columns.enumerated() {
            let isKey = table.keys.contains(position)
            // storage.md §4.2: the variable, the default, null.
            if let value = variables[column.name].map(Value.text) ?? column.defaultValue {
                fills.append(ColumnFill(value, for: column))
                constants.append(.value(value))
            } else if column.isNullable && !isKey {
                fills.append(.null)
                constants.append(.null)
            } else {
                fills.append(.reject(.missing(column, isKey: isKey)))
                constants.append(.required)
            }
        }
        self.fills = fills
        frameConstants = constants
    }
}

/// The value of a column that a frame does not contain.
package enum FrameConstant: Sendable, Hashable {
    /// The same value in every row, to be cast to the column's type.
    case value(Value)
    case null
    /// A frame without the column cannot be stored.
    case required
}

/// The value of a column that a payload does not contain.
enum ColumnFill {
    /// Row 0 of a column of the right storage.
    case value(ColumnBuffer)
    case null
    case reject(RejectReason)

    init(_ value: Value, for column: ColumnSchema) {
        self =
            Cast.withScalar(of: value) { scalar in
                let buffer = ColumnBuffer(column.type.storage, capacity: 1)
                let result = Cast.stage(scalar, for: column, into: buffer)
                guard result == .added else { return .reject(.cast(result, scalar, column: column)) }
                buffer.commit()
                return .value(buffer)
            } ?? .reject(RejectReason(.malformed, "Column \(column.name) has a default that is no value."))
    }
}
