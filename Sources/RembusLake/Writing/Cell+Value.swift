import DataFrames
import NIOCore
import RembusTables
import RembusWire

extension ColumnFitter {
    /// Adds a value of a dataframe.
    func append(_ cell: Cell, as type: ColumnType) throws(RejectReason) {
        switch cell {
        case .null: appendNull()
        case .timestamp(let time) where type.isInstant:
            try append(seconds: time.wholeSeconds, nanoseconds: time.fraction)
        default:
            let value = cell.value(for: type)
            // Otherwise a text would have to be JSON already.
            if type == .json, case .text(let text) = value, !cell.isText {
                try append(.text(RembusWire.Value.text(text).jsonText))
            } else {
                try append(value)
            }
        }
    }
}

extension ColumnType {
    fileprivate var isInstant: Bool {
        switch self {
        case .date, .time, .timeTZ, .timestamp, .timestampS, .timestampMS, .timestampNS, .timestampTZ: true
        default: false
        }
    }

    /// The type for a part of a value: parts of texts and JSON are converted to JSON.
    fileprivate func part(_ name: String?) -> ColumnType {
        switch self {
        case .list(let element): return element
        case .structure(let fields):
            return fields.first { $0.name.lowercased() == name?.lowercased() }?.type ?? .json
        case .map(_, let value): return value
        default: return .json
        }
    }
}

extension Cell {
    fileprivate var isText: Bool { if case .text = self { true } else { false } }

    /// The value in the form that it would have in a message, for a column of a type.
    func value(for type: ColumnType) -> RembusWire.Value {
        switch self {
        case .null: return .null
        case .bool(let flag): return .bool(flag)
        case .int(let number): return .integer(number)
        case .uint(let number): return RembusWire.Value(unsigned: number)
        // A text shows the digits of single precision, not those of the double that it becomes.
        case .float(let number):
            return .float(type.isShown ? Double(number.description) ?? Double(number) : Double(number))
        case .double(let number): return .float(number)
        case .text(let text): return .text(text)
        case .bytes(let bytes): return .bytes(ByteBuffer(bytes: bytes))
        case .date(let date):
            return type.isShown ? .text(date.description) : .tagged(100, .integer(Int64(date.daysSinceEpoch)))
        case .time(let time): return .text(time.cut.description)
        case .timestamp(let time): return type.isShown ? .text(time.shown) : time.extended
        case .duration(let span):
            return .text(IntervalText.text(months: 0, days: 0, microseconds: span.microseconds))
        case .interval(let interval):
            return .text(
                IntervalText.text(
                    months: interval.months, days: interval.days, microseconds: interval.nanoseconds / 1000))
        case .decimal(let number): return type == .json ? number.fraction : .text(number.description)
        case .list(let cells): return .array(cells.map { $0.value(for: type.part(nil)) })
        case .structure(let members):
            return .map(
                ValueMap(
                    pairs: members.map { .init(key: .text($0.name), value: $0.value.value(for: type.part($0.name))) }))
        case .map(let entries):
            var keyType = ColumnType.varchar
            if case .map(let key, _) = type { keyType = key }
            return .map(
                ValueMap(
                    pairs: entries.map {
                        .init(key: $0.key.value(for: keyType), value: $0.value.value(for: type.part(nil)))
                    }))
        }
    }
}

extension ColumnType {
    /// Whether a value becomes text.
    fileprivate var isShown: Bool { self == .varchar || self == .json }
}

extension Timestamp {
    fileprivate var wholeSeconds: Int64 { value / unit.perSecond }
    /// The nanoseconds in addition to the seconds; both are negative before 1970.
    fileprivate var fraction: Int64 { value % unit.perSecond * (1_000_000_000 / unit.perSecond) }

    /// The extended time of RFC 9581.
    fileprivate var extended: Value {
        .tagged(
            1001,
            .map(
                ValueMap(pairs: [
                    .init(key: 1, value: .integer(wholeSeconds)), .init(key: -9, value: .integer(fraction)),
                ])))
    }

    /// The text that DuckDB makes of it.
    fileprivate var shown: String {
        let plain = Timestamp(value, unit).description
        return timeZone == nil ? plain : plain + "+00"
    }
}

extension TimeOfDay {
    /// Without digits beyond a microsecond.
    fileprivate var cut: TimeOfDay { unit == .nanosecond ? TimeOfDay(value / 1000, .microsecond) : self }
}

extension TimeSpan {
    fileprivate var microseconds: Int64 {
        if unit == .nanosecond { return value / 1000 }
        let (product, overflow) = value.multipliedReportingOverflow(by: 1_000_000 / unit.perSecond)
        return overflow ? (value < 0 ? .min : .max) : product
    }
}

extension DecimalNumber {
    /// The value as a decimal fraction of RFC 8949.
    fileprivate var fraction: Value {
        let digits = DecimalNumber(high: high, low: low, scale: 0).description
        return .tagged(
            4, .array([.integer(Int64(-scale)), Value(bigInteger: BigInteger(decimalDigits: digits))]))
    }
}
