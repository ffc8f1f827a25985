/// The columns that a frame has.
public struct Schema: Sendable, Hashable, CustomStringConvertible {
    /// The columns in order.
    public var fields: [Field]
    /// What the maker of the frame notes about it, for example pandas about its index.
    public var metadata: Metadata

    /// Makes a schema of these columns.
    public init(_ fields: [Field], metadata: Metadata = [:]) {
        self.fields = fields
        self.metadata = metadata
    }

    /// The first field with this name.
    public subscript(name: String) -> Field? { fields.first { $0.name == name } }

    /// A line for each field.
    public var description: String { fields.map(\.description).joined(separator: "\n") }
}
