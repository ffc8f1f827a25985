package import RembusWire

/// Makes a column of values that come one by one, by the same rules as those of publications (``Cast``).
package final class ColumnFitter {
    private let column: ColumnSchema
    /// The values so far, as the column stores them.
    package let buffer: ColumnBuffer

    package init(_ column: ColumnSchema, capacity: Int = 1024) {
        self.column = column
        buffer = ColumnBuffer(column.type.storage, capacity: capacity)
    }

    /// Adds a value, null included.
    ///
    /// - Throws: The reason why the value does not fit; it is not added then.
    package func append(_ value: Value) throws(RejectReason) {
        if value.isNull { return appendNull() }
        let reason = Cast.withScalar(of: value) { scalar -> RejectReason? in
            let result = Cast.stage(scalar, for: column, into: buffer)
            return result == .added ? nil : .cast(result, scalar, column: column)
        }
        switch reason {
        case .some(nil): buffer.commit()
        case .some(let reason?): throw reason
        case nil:
            throw RejectReason(
                .malformed, "Column \(column.name): the value is nested too deeply.", column: column.name)
        }
    }

    /// Adds a point in time; `nanoseconds` may be any number.
    package func append(seconds: Int64, nanoseconds: Int64) throws(RejectReason) {
        let instant = Instant(seconds: Int128(seconds), nanoseconds: Int128(nanoseconds))
        let result = Cast.instant(instant, as: column.type, buffer)
        guard result == .added else { throw .cast(result, "the time", column: column) }
        buffer.commit()
    }

    package func appendNull() {
        buffer.stageNull()
        buffer.commit()
    }
}

extension ColumnBuffer {
    /// A column that repeats one row of this column.
    package func repeating(_ row: Int, count: Int) -> ColumnBuffer {
        let result = ColumnBuffer(storage, capacity: count + 1)
        for _ in 0..<count {
            result.stage(row, of: self)
            result.commit()
        }
        return result
    }

    /// Adds the rows of a column of the same storage.
    package func append(contentsOf other: ColumnBuffer) {
        for row in 0..<other.count {
            stage(row, of: other)
            commit()
        }
    }
}

/// Lengths of time in DuckDB's spelling.
package enum IntervalText {
    /// `1 year -3 days 04:05:06.7`: months, days and the rest do not convert into each other.
    package static func text(months: Int32, days: Int32, microseconds: Int64) -> String {
        Interval(months: months, days: days, microseconds: microseconds).text
    }
}
