extension ColumnType {
    /// A note for the log on how the type is stored; nil when it is stored unchanged.
    var notice: String? {
        switch self {
        case .hugeint, .uhugeint:
            "\(name) is kept as \(sql), because Parquet files round it beyond 2^53; numbers have at most 38 digits"
        case .interval:
            "INTERVAL is kept as text, because Parquet files cannot hold negative ones; write CAST(… AS INTERVAL) in queries"
        case .timeTZ: "\(name) is kept in UTC, because Parquet files have no offset"
        case .list(let element): element.notice
        case .structure(let fields): fields.lazy.compactMap(\.type.notice).first
        case .map(let key, let value): key.notice ?? value.notice
        default: nil
        }
    }
}
