/// What DuckDB has and a Parquet file does not give back. One such value in a table would keep DuckLake from writing or
/// reading all rows beside it, so it must not get in.
extension ColumnType {
    /// An SQL condition that is true for the values of an expression that can be stored; nil when all can.
    ///
    /// Values that come as CBOR were checked already; it is for those that only the database casts, those of frames.
    package func storableCondition(for expression: String) -> String? {
        switch self {
        case .hugeint: "abs(CAST(\(expression) AS DOUBLE)) < \(Self.hugeLimit)"
        case .uhugeint: "CAST(\(expression) AS DOUBLE) < \(Self.unsignedHugeLimit)"
        case .timestampS: "isfinite(CAST(\(expression) AS TIMESTAMP))"
        case .interval:
            ["year", "month", "day", "minute", "microsecond"].map { "datepart('\($0)', \(expression)) >= 0" }
                .joined(separator: " AND ")
                + " AND datepart('hour', \(expression)) BETWEEN 0 AND \(Self.intervalHours - 1)"
        default: nil
        }
    }

    /// 128-bit integers become doubles; those that round to this or beyond cannot be read back.
    static let hugeLimit = 0x1p127
    static let unsignedHugeLimit = 0x1p128

    /// An interval's time has 32 bits for milliseconds, and no part of it may be negative.
    static let intervalHours = 1193

    /// What gets lost without anything failing, for the log; nil when nothing does.
    var loss: String? {
        switch self {
        case .hugeint, .uhugeint:
            "\(sql) is stored as DOUBLE in Parquet files and exact up to 2^53 only; DECIMAL(38,0) is exact"
        case .interval:
            "INTERVAL is stored in whole milliseconds in Parquet files and cannot be negative; BIGINT can"
        default: nil
        }
    }
}
