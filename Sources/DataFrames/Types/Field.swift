/// The name and type of a column, or of a part of a nested one.
public struct Field: Sendable, Hashable, CustomStringConvertible {
    /// The name; it need not be unique.
    public var name: String
    /// What the values are.
    public var type: DataType
    /// Whether nulls may occur; a promise of who made the frame that nothing enforces.
    public var isNullable: Bool
    /// The field's metadata.
    public var metadata: Metadata

    /// Makes a field, nullable unless told otherwise.
    public init(_ name: String, _ type: DataType, isNullable: Bool = true, metadata: Metadata = [:]) {
        self.name = name
        self.type = type
        self.isNullable = isNullable
        self.metadata = metadata
    }

    /// The name of the extension type that the values stand for, if they do; ``type`` is how they are stored.
    public var extensionName: String? { metadata["ARROW:extension:name"] }

    /// Name and type, for example `level: double not null`.
    public var description: String { "\(name): \(type)" + (isNullable ? "" : " not null") }
}
