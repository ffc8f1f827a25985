import RembusTables

extension ExpressionWriter {
    /// The arguments of a function of times, with the column of receive times converted to a timestamp. It may be
    /// nanoseconds since 1970 as UBIGINT, which DuckDB's functions do not accept.
    func times(_ name: String, _ arguments: [Written]) -> [Written] {
        if Self.makers.contains(name), arguments.count == 1 {
            var argument = arguments[0]
            if argument.receiveTime?.isTimestamp == true {
                argument.sql = "epoch_ns(\(argument.sql))"
            } else {
                argument.sql = "CAST(\(argument.sql) AS BIGINT)"
            }
            return [argument]
        }
        guard Self.calendar.contains(name) else { return arguments }
        return arguments.map(timestamp)
    }

    /// A receive time as a timestamp, and anything else unchanged.
    func timestamp(_ value: Written) -> Written {
        guard let time = value.receiveTime, !time.isTimestamp else { return value }
        var value = value
        value.sql = "CAST(\(TableSchema.timestamp(value.sql)) AS TIMESTAMP)"
        value.receiveTime = nil
        return value
    }

    private static let makers: Set<String> = ["make_timestamp_ns"]

    private static let calendar: Set<String> = [
        "age", "century", "date_add", "date_diff", "date_part", "date_sub", "date_trunc", "datediff", "datepart",
        "datesub", "datetrunc", "day", "dayname", "dayofmonth", "dayofweek", "dayofyear", "days_in_month", "decade",
        "epoch", "epoch_ms", "epoch_ns", "epoch_us", "era", "hour", "isodow", "isoyear", "julian", "last_day",
        "microsecond", "millennium", "millisecond", "minute", "month", "monthname", "nanosecond", "quarter", "second",
        "strftime", "time_bucket", "timezone", "week", "weekday", "weekofyear", "year", "yearweek",
    ]
}
