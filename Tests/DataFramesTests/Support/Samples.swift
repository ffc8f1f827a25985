import NIOCore

@testable import DataFrames

/// A column of every type, each with nulls.
enum Samples {
    static let dateAndTime: [(DataType, [Cell])] = [
        (.date32, [.date(CalendarDate(daysSinceEpoch: -1)), .null, .date(CalendarDate(daysSinceEpoch: 20_779))]),
        (.date64, [.date(CalendarDate(daysSinceEpoch: -1)), .null, .date(CalendarDate(daysSinceEpoch: 20_779))]),
        (.time32(.second), [.time(TimeOfDay(1, .second)), .null, .time(TimeOfDay(86_399, .second))]),
        (.time32(.millisecond), [.time(TimeOfDay(1, .millisecond)), .null, .time(TimeOfDay(5, .millisecond))]),
        (.time64(.microsecond), [.time(TimeOfDay(1, .microsecond)), .null, .time(TimeOfDay(5, .microsecond))]),
        (.time64(.nanosecond), [.time(TimeOfDay(1, .nanosecond)), .null, .time(TimeOfDay(5, .nanosecond))]),
        (.interval(.yearMonth), [.interval(.init(months: -14)), .null, .interval(.init())]),
        (.interval(.dayTime), [.interval(.init(days: -1, nanoseconds: 5_000_000)), .null, .interval(.init())]),
        (.interval(.monthDayNano), [.interval(.init(months: 1, days: -2, nanoseconds: 3)), .null, .null]),
    ]

    static let plain: [(DataType, [Cell])] =
        [
            (.null, [.null, .null, .null]),
            (.bool, [.bool(true), .null, .bool(false)]),
            (.int8, [.int(-128), .null, .int(127)]),
            (.int16, [.int(-32_768), .null, .int(32_767)]),
            (.int32, [.int(Int64(Int32.min)), .null, .int(Int64(Int32.max))]),
            (.int64, [.int(.min), .null, .int(.max)]),
            (.uint8, [.uint(0), .null, .uint(255)]),
            (.uint16, [.uint(0), .null, .uint(65_535)]),
            (.uint32, [.uint(0), .null, .uint(UInt64(UInt32.max))]),
            (.uint64, [.uint(0), .null, .uint(.max)]),
            (.float16, [.float(1.5), .null, .float(-65_504)]),
            (.float32, [.float(0.1), .null, .float(.infinity)]),
            (.float64, [.double(0.1), .null, .double(-2.5e-308)]),
            (.fixedSizeBinary(3), [.bytes([1, 2, 3]), .null, .bytes([0, 0, 255])]),
            (.decimal128(precision: 38, scale: 2), [.decimal(DecimalNumber(-150, scale: 2)), .null, .null]),
            (
                .decimal256(precision: 76, scale: 1),
                [.decimal(DecimalNumber(high: -3, low: 7, scale: 1)), .null, .decimal(DecimalNumber(1, scale: 1))]
            ),
        ]
        + [DataType.utf8, .largeUtf8, .utf8View].map {
            ($0, [.text("Grüße"), .null, .text("longer than twelve bytes")])
        }
        + [DataType.binary, .largeBinary, .binaryView].map {
            ($0, [.bytes([0xFF]), .null, .bytes(Array(0...40))])
        }
        + TimeUnit.allCases.flatMap { unit -> [(DataType, [Cell])] in
            [
                (.timestamp(unit, timeZone: nil), [.timestamp(Timestamp(-1, unit)), .null, .null]),
                (
                    .timestamp(unit, timeZone: "UTC"),
                    [.timestamp(Timestamp(1_795_000_000, unit, timeZone: "UTC")), .null, .null]
                ),
                (.duration(unit), [.duration(TimeSpan(-1, unit)), .null, .duration(TimeSpan(.max, unit))]),
            ]
        }

    private static let point = DataType.structure([Field("x", .float64), Field("label", .utf8), Field("ok", .bool)])
    private static let here = Cell.structure([.init("x", .double(1)), .init("label", .text("a")), .init("ok", .null)])

    static let nested: [(DataType, [Cell])] = [
        (.list(of: .int32), [.list([.int(1), .null]), .null, .list([])]),
        (
            .largeList(Field("item", .utf8View)),
            [.list([.text("a"), .text("much longer than that")]), .null, .list([])]
        ),
        (
            .fixedSizeList(Field("item", .bool), count: 2),
            [.list([.bool(true), .null]), .null, .list([.null, .null])]
        ),
        (.list(of: .list(of: .utf8)), [.list([.list([.text("a")]), .null]), .null, .list([.list([])])]),
        (point, [here, .null, here]),
        (.list(of: point), [.list([here, .null]), .null, .list([])]),
        (.structure([]), [.structure([]), .null, .structure([])]),
        (
            .map(key: .utf8, value: .int64),
            [.map([.init(.text("k"), .int(1)), .init(.text("l"), .null)]), .null, .map([])]
        ),
        (.map(key: .int8, value: point, keysSorted: true), [.map([.init(.int(1), here)]), .null, .map([])]),
        (.dictionary(index: .int8, value: .utf8, isOrdered: false), [.text("a"), .null, .text("a")]),
        (.dictionary(index: .uint32, value: .largeUtf8, isOrdered: true), [.text("a"), .null, .text("b")]),
        (.dictionary(index: .int64, value: point, isOrdered: false), [here, .null, here]),
        (
            .list(of: .dictionary(index: .uint16, value: .float64, isOrdered: false)),
            [.list([.double(1), .double(1)]), .null, .list([])]
        ),
    ]

    static let all = plain + dateAndTime + nested

    /// A column with the values of a sample, `count` times one behind another.
    static func column(_ sample: (DataType, [Cell]), times count: Int = 1) throws -> Column {
        let builder = ArrayBuilder(sample.0)
        for _ in 0..<count { for cell in sample.1 { try builder.append(cell) } }
        return Column(sample.0.description, array: builder.finish())
    }

    /// A frame of all types.
    static func frame(times count: Int = 1) throws -> DataFrame {
        try DataFrame(columns: all.map { try column($0, times: count) }, metadata: ["made": "by hand"])
    }

    /// A frame of all types in three chunks, so that there are several batches, dictionaries and offsets that do not
    /// start at 0.
    static func chunkedFrame() throws -> DataFrame {
        let whole = try frame(times: 7)
        let parts = [try frame(times: 3), whole.slice(5..<17), whole.slice(2..<3)]
        return try DataFrame(concatenating: parts)
    }
}

extension DataFrame {
    /// Looks at every value, and returns how many that were.
    @discardableResult
    func touch() -> Int {
        columns.reduce(0) { sum, column in
            (0..<column.count).reduce(sum) { sum, row in sum + (column.cell(row).isNull ? 0 : 1) } + column.nullCount
        }
    }
}

extension ByteBuffer {
    init(hexadecimal text: String) {
        self.init()
        var digits = text.filter(\.isHexDigit)[...]
        while !digits.isEmpty {
            writeInteger(UInt8(digits.prefix(2), radix: 16) ?? 0)
            digits = digits.dropFirst(2)
        }
    }
}
