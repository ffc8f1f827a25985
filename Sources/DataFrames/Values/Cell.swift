/// One value of a column of any type, for code that does not know the type beforehand.
public indirect enum Cell: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    /// A number from a column of half or single floats.
    case float(Float)
    case double(Double)
    case text(String)
    case bytes([UInt8])
    case date(CalendarDate)
    case time(TimeOfDay)
    case timestamp(Timestamp)
    case duration(TimeSpan)
    case interval(CalendarInterval)
    case decimal(DecimalNumber)
    case list([Cell])
    case structure([Member])
    case map([Entry])

    /// A named part of a structure.
    public struct Member: Sendable, Hashable {
        /// The name of the part.
        public var name: String
        /// Its value.
        public var value: Cell

        /// Creates the value from its parts.
        public init(_ name: String, _ value: Cell) {
            self.name = name
            self.value = value
        }
    }

    /// A pair of a map.
    public struct Entry: Sendable, Hashable {
        /// The key of the pair.
        public var key: Cell
        /// Its value.
        public var value: Cell

        /// Creates the value from its parts.
        public init(_ key: Cell, _ value: Cell) {
            self.key = key
            self.value = value
        }
    }
}

extension Cell {
    /// Whether there is no value.
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }
}
