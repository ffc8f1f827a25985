package import RembusWire

/// An error in a schema file, with its place.
package struct SchemaError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file's name as given.
    package var file: String
    /// Line and column, counted from 1, of a mistake in the JSON text.
    package var position: JSONText.Position?
    /// The line, counted from 1, of a mistake in what the text says.
    package var line: Int?
    /// The table's name, or its number when it has none.
    package var table: String?
    /// The column's name, or its number when it has none.
    package var column: String?
    /// What is wrong, without a full stop.
    package var problem: String
    /// What would be right, without a full stop.
    package var allowed: String?

    /// One sentence: file, place, what is wrong, what is allowed.
    package var description: String {
        var places = [position.map { "\(file):\($0.line):\($0.column)" } ?? file]
        if let line { places.append("line \(line)") }
        if let table { places.append("table \(table)") }
        if let column { places.append("column \(column)") }
        return places.joined(separator: ", ") + ": " + problem + (allowed.map { "; \($0)" } ?? "")
    }
}
