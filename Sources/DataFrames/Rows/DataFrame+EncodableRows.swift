extension DataFrame {
    /// Makes a frame of rows: each stored property becomes a column.
    ///
    /// ```swift
    /// struct Reading: Codable { var dn: String; var temperature: Double?; var at: Date }
    /// let frame = try DataFrame(rows: readings)
    /// ```
    /// Integers, floats, `Bool` and `String` keep their width; `Date` becomes `timestamp[us, tz=UTC]`, `Data` and
    /// `[UInt8]` bytes, `Duration` a duration, arrays lists, nested structures structures, dictionaries with texts as
    /// keys maps, what is nil null. Rows may differ: a property that a row does not encode is null there, and integers
    /// widen. Without rows nothing is known about them, and the frame has no columns.
    ///
    /// Throws an error that names row and column when values do not go into one column, or a row is not made of
    /// properties.
    public init<T: Encodable>(rows: some Sequence<T>) throws(DataFrameError) {
        var collector = RowCollector()
        for row in rows {
            let number = collector.rowCount
            let members: [(name: String, value: TypedCell)]
            do {
                members = try Self.members(of: row)
            } catch let error as DataFrameError {
                throw DataFrameError(error.code, "row \(number)\(error.message)")
            } catch {
                throw DataFrameError(.value, "row \(number): \(error)")
            }
            try collector.append(members)
        }
        self = try collector.finish()
    }

    /// The properties of a row. Messages of errors follow a row number.
    private static func members(of row: some Encodable) throws -> [(name: String, value: TypedCell)] {
        var content = try CellEncoder.encode(row, codingPath: [])
        while case .nested(let encoder) = content { content = encoder.content }
        switch content {
        case .members(let members):
            return try members.map { member in
                do {
                    return (member.name, try member.content.typedCell())
                } catch let error as DataFrameError {
                    throw DataFrameError(error.code, ", column \(member.name): \(error.message)")
                }
            }
        case .value(let value):
            // A dictionary as a row: its keys are the names of columns.
            if case .map(let entries) = value.cell, case .map(let field, _) = value.type {
                let type = field.type.fields.last?.type ?? .null
                return entries.map { entry in
                    guard case .text(let name) = entry.key else { return ("", TypedCell(entry.value, type)) }
                    return (name, TypedCell(entry.value, type))
                }
            }
            if case .structure(let members) = value.cell {
                return members.map { ($0.name, TypedCell($0.value)) }
            }
            throw DataFrameError(.mismatch, " is a single value, not a structure with named properties")
        case .nothing: return []
        default: throw DataFrameError(.mismatch, " is a list, not a structure with named properties")
        }
    }
}
