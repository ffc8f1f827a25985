/// What times and durations are counted in.
public enum TimeUnit: UInt8, Sendable, Hashable, CaseIterable {
    case second, millisecond, microsecond, nanosecond

    /// How many of this unit a second has.
    public var perSecond: Int64 {
        switch self {
        case .second: 1
        case .millisecond: 1000
        case .microsecond: 1_000_000
        case .nanosecond: 1_000_000_000
        }
    }

    /// The usual abbreviation: `s`, `ms`, `us` or `ns`.
    public var symbol: String {
        switch self {
        case .second: "s"
        case .millisecond: "ms"
        case .microsecond: "us"
        case .nanosecond: "ns"
        }
    }
}

/// The parts that a calendar interval has.
public enum IntervalUnit: UInt8, Sendable, Hashable, CaseIterable {
    case yearMonth, dayTime, monthDayNano
}

/// The integers that a dictionary-encoded column can have as its indices.
public enum IntegerType: UInt8, Sendable, Hashable, CaseIterable {
    case int8, int16, int32, int64, uint8, uint16, uint32, uint64

    /// The size in bytes.
    public var width: Int { 1 << (Int(rawValue) & 3) }
    /// Whether negative numbers exist.
    public var isSigned: Bool { rawValue < 4 }
    /// The same type as a column type.
    public var dataType: DataType {
        switch self {
        case .int8: .int8
        case .int16: .int16
        case .int32: .int32
        case .int64: .int64
        case .uint8: .uint8
        case .uint16: .uint16
        case .uint32: .uint32
        case .uint64: .uint64
        }
    }
}
