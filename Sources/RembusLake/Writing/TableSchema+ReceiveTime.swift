import RembusTables

extension TableSchema {
    /// Nanoseconds since 1970 (UBIGINT) as what the column of receive times holds.
    func receiveTime(_ nanoseconds: String) -> String {
        guard let column = receivedAtColumn, allColumns[column].type.isCalendar else { return nanoseconds }
        return "CAST(\(Self.timestamp(nanoseconds)) AS \(allColumns[column].type.sql))"
    }

    /// What a dataframe has for the column of receive times as nanoseconds since 1970.
    func nanoseconds(_ value: String) -> String {
        guard let column = receivedAtColumn, allColumns[column].type.isCalendar else {
            return "CAST(\(value) AS UBIGINT)"
        }
        return "CAST(epoch_ns(CAST(\(value) AS \(allColumns[column].type.sql))) AS UBIGINT)"
    }

    /// Nanoseconds since 1970 as a timestamp, UTC as the connection's time zone is.
    static func timestamp(_ nanoseconds: String) -> String {
        "make_timestamp_ns(CAST(\(nanoseconds) AS BIGINT))"
    }
}
