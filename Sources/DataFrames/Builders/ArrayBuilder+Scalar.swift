extension ArrayBuilder {
    /// Appends a number, date or time.
    func appendScalar(_ cell: Cell) throws(DataFrameError) {
        switch type {
        case .int8: values.append(try integer(cell, Int8.self))
        case .int16: values.append(try integer(cell, Int16.self))
        case .int32: values.append(try integer(cell, Int32.self))
        case .int64: values.append(try integer(cell, Int64.self))
        case .uint8: values.append(try integer(cell, UInt8.self))
        case .uint16: values.append(try integer(cell, UInt16.self))
        case .uint32: values.append(try integer(cell, UInt32.self))
        case .uint64: values.append(try integer(cell, UInt64.self))
        case .float16: values.append(HalfFloat.bits(Float(try double(cell))))
        case .float32: values.append(Float(try double(cell)))
        case .float64: values.append(try double(cell))
        case .date32: values.append(try days(cell))
        case .date64: values.append(try milliseconds(cell))
        case .time32(let unit): values.append(try integer(time(cell, unit), Int32.self))
        case .time64(let unit): values.append(try integer(time(cell, unit), Int64.self))
        case .timestamp(let unit, _): values.append(try integer(time(cell, unit), Int64.self))
        case .duration(let unit): values.append(try integer(time(cell, unit), Int64.self))
        case .interval(let unit): try append(interval: cell, unit)
        case .decimal128(let precision, let scale), .decimal256(let precision, let scale):
            try append(decimal: cell, precision, scale)
        default: throw misfit("\(cell)")
        }
        appended()
    }

    private func integer<Number: FixedWidthInteger>(_ cell: Cell, _ type: Number.Type) throws(DataFrameError) -> Number
    {
        let number: Number? =
            switch cell {
            case .int(let value): Number(exactly: value)
            case .uint(let value): Number(exactly: value)
            case .double(let value): Number(exactly: value)
            case .float(let value): Number(exactly: value)
            default: nil
            }
        guard let number else { throw misfit("\(cell)") }
        return number
    }

    private func double(_ cell: Cell) throws(DataFrameError) -> Double {
        switch cell {
        case .double(let value): return value
        case .float(let value): return Double(value)
        case .int(let value): return Double(value)
        case .uint(let value): return Double(value)
        case .decimal(let value): return value.doubleValue
        default: throw misfit("\(cell)")
        }
    }

    private func days(_ cell: Cell) throws(DataFrameError) -> Int32 {
        if case .date(let date) = cell { return date.daysSinceEpoch }
        return try integer(cell, Int32.self)
    }

    private func milliseconds(_ cell: Cell) throws(DataFrameError) -> Int64 {
        if case .date(let date) = cell { return Int64(date.daysSinceEpoch) * 86_400_000 }
        return try integer(time(cell, .millisecond), Int64.self)
    }

    /// A time, timestamp or duration as a number of another unit, if that is exact; numbers are taken as they are.
    private func time(_ cell: Cell, _ unit: TimeUnit) throws(DataFrameError) -> Cell {
        let (value, source): (Int64, TimeUnit)
        switch cell {
        case .time(let time): (value, source) = (time.value, time.unit)
        case .timestamp(let time): (value, source) = (time.value, time.unit)
        case .duration(let span): (value, source) = (span.value, span.unit)
        case .date(let date):
            let (product, overflow) = Int64(date.daysSinceEpoch).multipliedReportingOverflow(
                by: 86_400 * unit.perSecond)
            if overflow { throw misfit("\(cell)") }
            return .int(product)
        default: return cell
        }
        if unit.perSecond >= source.perSecond {
            let (product, overflow) = value.multipliedReportingOverflow(by: unit.perSecond / source.perSecond)
            if overflow { throw misfit("\(cell)") }
            return .int(product)
        }
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: source.perSecond / unit.perSecond)
        if remainder != 0 { throw misfit("\(cell)") }
        return .int(quotient)
    }

    private func append(interval cell: Cell, _ unit: IntervalUnit) throws(DataFrameError) {
        guard case .interval(let interval) = cell else { throw misfit("\(cell)") }
        switch unit {
        case .yearMonth:
            guard interval.days == 0, interval.nanoseconds == 0 else { throw misfit("\(interval)") }
            values.append(interval.months)
        case .dayTime:
            let (milliseconds, rest) = interval.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
            guard interval.months == 0, rest == 0, let milliseconds = Int32(exactly: milliseconds) else {
                throw misfit("\(interval)")
            }
            values.append(interval.days)
            values.append(milliseconds)
        case .monthDayNano:
            values.append(interval.months)
            values.append(interval.days)
            values.append(interval.nanoseconds)
        }
    }

    private func append(decimal cell: Cell, _ precision: Int, _ scale: Int) throws(DataFrameError) {
        let number: DecimalNumber? =
            switch cell {
            case .decimal(let value): value
            case .int(let value): DecimalNumber(Int128(value), scale: 0)
            case .uint(let value): DecimalNumber(Int128(value), scale: 0)
            default: nil
            }
        guard let scaled = number?.rescaled(to: scale), scaled.digitCount <= precision else { throw misfit("\(cell)") }
        if case .decimal128 = type {
            guard let unscaled = scaled.unscaled else { throw misfit("\(cell)") }
            values.append(unscaled)
        } else {
            values.append(scaled.low)
            values.append(scaled.high)
        }
    }
}
