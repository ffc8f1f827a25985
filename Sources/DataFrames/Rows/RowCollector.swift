/// A value with the type of the column that it makes.
package struct TypedCell: Sendable {
    package var cell: Cell
    package var type: DataType

    package init(_ cell: Cell, _ type: DataType) {
        self.cell = cell
        self.type = type
    }

    /// A value of which nothing is known beforehand.
    package init(_ cell: Cell) { self.init(cell, cell.inferredType) }
}

/// Makes a frame of rows whose columns are not known beforehand: types widen as values ask for it, and rows that lack a
/// column have null there.
package struct RowCollector {
    private struct Part {
        let name: String
        var type = DataType.null
        var cells: [Cell] = []
    }

    private var parts: [Part] = []
    private var positions: [String: Int] = [:]
    /// Types that are given from outside and not inferred.
    private let types: [String: DataType]
    /// How many rows there are.
    package private(set) var rowCount = 0

    /// `types` are the types of columns for which values do not decide.
    package init(types: [String: DataType] = [:]) { self.types = types }

    /// Appends a row. Of two values with the same name the last one counts.
    package mutating func append(_ row: [(name: String, value: TypedCell)]) throws(DataFrameError) {
        for (number, member) in row.enumerated() {
            // Rows of one origin have their values in the same order.
            let isInPlace = number < parts.count && parts[number].name == member.name
            try set(member.value, isInPlace ? number : position(of: member.name))
        }
        rowCount += 1
        for index in parts.indices where parts[index].cells.count < rowCount { parts[index].cells.append(.null) }
    }

    private mutating func position(of name: String) -> Int {
        if let known = positions[name] { return known }
        parts.append(Part(name: name, cells: Array(repeating: .null, count: rowCount)))
        positions[name] = parts.count - 1
        return parts.count - 1
    }

    private mutating func set(_ value: TypedCell, _ index: Int) throws(DataFrameError) {
        if parts[index].type != value.type {
            guard let type = parts[index].type.unified(with: value.type) else {
                if types[parts[index].name] == nil { throw misfit(value.type, parts[index]) }
                return store(value.cell, index)
            }
            parts[index].type = type
        }
        store(value.cell, index)
    }

    private mutating func store(_ cell: Cell, _ index: Int) {
        if parts[index].cells.count > rowCount {
            parts[index].cells[rowCount] = cell
        } else {
            parts[index].cells.append(cell)
        }
    }

    private func misfit(_ type: DataType, _ part: Part) -> DataFrameError {
        DataFrameError(
            .mismatch,
            "row \(rowCount), column \(part.name): \(type) does not go together with \(part.type) of the rows before")
    }

    /// The frame of all rows.
    package consuming func finish() throws(DataFrameError) -> DataFrame {
        var columns: [Column] = []
        for part in parts {
            columns.append(try Self.column(part.name, part.cells, types[part.name] ?? part.type))
        }
        return DataFrame(unchecked: columns, rowCount: rowCount, metadata: [:])
    }

    /// A column of cells; errors name the row.
    static func column(_ name: String, _ cells: [Cell], _ type: DataType) throws(DataFrameError) -> Column {
        let builder = ArrayBuilder(type)
        for (row, cell) in cells.enumerated() {
            do throws(DataFrameError) {
                if case .text(let text) = cell, !type.isText {
                    try builder.append(TextParser.cell(text, type))
                } else {
                    try builder.append(cell)
                }
            } catch {
                throw DataFrameError(error.code, "row \(row), column \(name): \(error.message)")
            }
        }
        return Column(name, array: builder.finish())
    }
}
