import RembusTables

extension TableSchema {
    /// Nanoseconds since 1970 (UBIGINT) converted to the type of the column of receive times.
    func receiveTime(_ nanoseconds: String) -> String {
        guard let column = receivedAtColumn, allColumns[column].type.isCalendar else { return nanoseconds }
        return "CAST(\(Self.timestamp(nanoseconds)) AS \(allColumns[column].type.sql))"
    }

    /// A dataframe's value for the column of receive times, converted to nanoseconds since 1970.
    func nanoseconds(_ value: String) -> String {
        guard let column = receivedAtColumn, allColumns[column].type.isCalendar else {
            return "CAST(\(value) AS UBIGINT)"
        }
        return "CAST(epoch_ns(CAST(\(value) AS \(allColumns[column].type.sql))) AS UBIGINT)"
    }

    /// Nanoseconds since 1970 as a timestamp. The connection's time zone is UTC.
    static func timestamp(_ nanoseconds: String) -> String {
        "make_timestamp_ns(CAST(\(nanoseconds) AS BIGINT))"
    }
}
