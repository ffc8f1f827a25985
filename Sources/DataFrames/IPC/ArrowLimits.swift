/// What a reader accepts of a stream that it did not make itself.
public struct ArrowLimits: Sendable, Hashable {
    /// How deeply types may be nested.
    public var maxDepth = 64
    /// How many fields there may be, nested ones counted.
    public var maxFields = 65_536
    /// How many rows a column, or elements a nested one, may have.
    ///
    /// Columns of nulls, and others that take no memory in the stream, may have no more than a million rows or eight
    /// for each byte of the stream in any case: so many as a column of bools could have.
    public var maxLength = 1 << 31
    /// How much memory may be taken besides that of the stream: for decompressed buffers, dictionaries that arrive in
    /// parts, and copies of what is not aligned. In bytes.
    public var maxAllocation = 1 << 30
    /// Whether all text is checked to be UTF-8 while the stream is read. Without the check, what is not UTF-8 is
    /// repaired when it is read as a `String`, and goes unchanged wherever the frame is passed on to.
    public var checksText = true

    /// Makes the default limits.
    public init() {}

    /// The default limits.
    public static let standard = ArrowLimits()
}
