/// The marks of a CSV text (RFC 4180).
public struct CSVFormat: Sendable, Hashable {
    /// When fields stand between quotes.
    public enum Quoting: Sendable, Hashable {
        /// Where the text has separators, quotes or line breaks, and for empty texts, which differ from null so.
        case whenNeeded
        /// All fields but nulls.
        case always
    }

    /// What stands between fields, an ASCII character other than the quote and line breaks.
    public var separator: Character
    /// Whether the first line has the names of the columns.
    public var hasHeader: Bool
    /// When fields stand between quotes.
    public var quoting: Quoting
    /// What stands for null.
    public var null: String
    /// What ends a line: `"\n"`, or `"\r\n"` as RFC 4180 has it. Readers take both.
    public var lineEnd: String
    /// Whether columns get the narrowest type that their fields fit; else all are texts, exactly as they stand there.
    public var infersTypes: Bool

    /// Makes a format.
    public init(
        separator: Character = ",", hasHeader: Bool = true, quoting: Quoting = .whenNeeded, null: String = "",
        lineEnd: String = "\n", infersTypes: Bool = true
    ) {
        self.separator = separator
        self.hasHeader = hasHeader
        self.quoting = quoting
        self.null = null
        self.lineEnd = lineEnd
        self.infersTypes = infersTypes
    }

    /// Commas, a header, quotes where needed.
    public static let standard = CSVFormat()

    /// The separator as a byte; throws for characters that cannot be one.
    func separatorByte() throws(DataFrameError) -> UInt8 {
        guard let byte = separator.asciiValue, byte != UInt8(ascii: "\""), byte != 0x0A, byte != 0x0D else {
            throw DataFrameError(.unsupported, "\(separator) cannot separate the fields of a CSV text")
        }
        return byte
    }
}
