extension ArrayData {
    /// The value of a row of any type; nested values are copied out.
    public func cell(_ row: Int) -> Cell {
        // The compiler does not know that the memory of the values lives as long as the array does.
        defer { withExtendedLifetime(self) {} }
        guard let (array, row) = resolve(row) else { return .null }
        return array.plainCell(row)
    }

    /// The value of a row. The row must not be null, nor the array dictionary-encoded.
    private func plainCell(_ row: Int) -> Cell {
        let position = offset &+ row
        switch type {
        case .null, .dictionary: return .null
        case .bool: return .bool(values.bit(position))
        case .int8: return .int(Int64(values.load(Int8.self, position)))
        case .int16: return .int(Int64(values.load(Int16.self, position)))
        case .int32: return .int(Int64(values.load(Int32.self, position)))
        case .int64: return .int(values.load(Int64.self, position))
        case .uint8: return .uint(UInt64(values.load(UInt8.self, position)))
        case .uint16: return .uint(UInt64(values.load(UInt16.self, position)))
        case .uint32: return .uint(UInt64(values.load(UInt32.self, position)))
        case .uint64: return .uint(values.load(UInt64.self, position))
        case .float16: return .float(HalfFloat.float(values.load(UInt16.self, position)))
        case .float32: return .float(values.load(Float.self, position))
        case .float64: return .double(values.load(Double.self, position))
        case .utf8, .largeUtf8, .utf8View: return .text(String(reading: self, row))
        case .binary, .largeBinary, .binaryView, .fixedSizeBinary: return .bytes([UInt8](reading: self, row))
        case .date32: return .date(CalendarDate(daysSinceEpoch: values.load(Int32.self, position)))
        case .date64: return dateCell(values.load(Int64.self, position))
        case .time32(let unit): return .time(TimeOfDay(Int64(values.load(Int32.self, position)), unit))
        case .time64(let unit): return .time(TimeOfDay(values.load(Int64.self, position), unit))
        case .timestamp(let unit, let zone):
            return .timestamp(Timestamp(values.load(Int64.self, position), unit, timeZone: zone))
        case .duration(let unit): return .duration(TimeSpan(values.load(Int64.self, position), unit))
        case .interval: return .interval(CalendarInterval(reading: self, row))
        case .decimal128, .decimal256: return .decimal(DecimalNumber(reading: self, row))
        case .list, .largeList, .fixedSizeList:
            let range = elementRange(row)
            return .list(range.map(children[0].cell))
        case .structure(let fields):
            return .structure(zip(fields, children).map { Cell.Member($0.name, $1.cell(position)) })
        case .map: return .map(elementRange(row).map(entry))
        }
    }

    /// Milliseconds that should be whole days, but need not be.
    private func dateCell(_ milliseconds: Int64) -> Cell {
        let (days, rest) = floorDivide(milliseconds, 86_400_000)
        guard rest == 0, let days = Int32(exactly: days) else {
            return .timestamp(Timestamp(milliseconds, .millisecond))
        }
        return .date(CalendarDate(daysSinceEpoch: days))
    }

    /// A pair of the entries of a map. An entry that is null itself, which Arrow forbids, counts as a pair of nulls.
    private func entry(_ element: Int) -> Cell.Entry {
        guard let (pairs, row) = children[0].resolve(element), pairs.children.count == 2 else {
            return Cell.Entry(.null, .null)
        }
        let position = pairs.offset &+ row
        return Cell.Entry(pairs.children[0].cell(position), pairs.children[1].cell(position))
    }
}
