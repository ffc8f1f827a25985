extension Bool: NativeElement {
    /// The type of a column that is made from such values.
    public static var columnType: DataType { .bool }
    /// Whether values of a column of this type can be read so.
    public static func isReadable(from type: DataType) -> Bool { type == .bool }
    /// Reads a row of an array whose type was checked to be readable.
    public init(reading array: ArrayData, _ row: Int) { self = array.values.bit(array.offset &+ row) }
    /// The same value for a column of any type.
    public var cell: Cell { .bool(self) }

    /// Makes an array of values; it has a bitmap only if there are nulls.
    public static func array(_ values: [Bool?]) -> ArrayData {
        var bits = BitmapBuilder()
        var validity = BitmapBuilder()
        for value in values {
            bits.append(value ?? false)
            validity.append(value != nil)
        }
        let count = bits.count
        let bitmap = validity.clear > 0 ? validity.finish() : nil
        return ArrayData(.bool, length: count, validity: bitmap, buffers: [bits.finish()])
    }
}

extension String: NativeElement {
    /// The type of a column that is made from such values.
    public static var columnType: DataType { .utf8 }
    /// Whether values of a column of this type can be read so.
    public static func isReadable(from type: DataType) -> Bool { type.isText }

    /// Bytes that are not UTF-8 become replacement characters; what came from outside was checked when it was read.
    public init(reading array: ArrayData, _ row: Int) {
        self = array.withBytes(row) { String(decoding: $0, as: UTF8.self) }
    }

    /// The same value for a column of any type.
    public var cell: Cell { .text(self) }

    /// A `utf8` array, or a `largeUtf8` one if there are more than 2 GiB.
    public static func array(_ values: [String?]) -> ArrayData {
        ArrayData(values.lazy.map { $0?.utf8 }, .utf8, large: .largeUtf8)
    }
}

extension [UInt8]: ColumnElement, NativeElement {
    /// The type of a column that is made from such values.
    public static var columnType: DataType { .binary }
    /// Bytes are read from binary columns of all kinds, and from text.
    public static func isReadable(from type: DataType) -> Bool { type.isBinary || type.isText }
    /// Reads a row of an array whose type was checked to be readable.
    public init(reading array: ArrayData, _ row: Int) { self = array.withBytes(row) { Array($0) } }
    /// The same value for a column of any type.
    public var cell: Cell { .bytes(self) }

    /// A `binary` array, or a `largeBinary` one if there are more than 2 GiB.
    public static func array(_ values: [[UInt8]?]) -> ArrayData {
        ArrayData(values, .binary, large: .largeBinary)
    }
}

extension CalendarDate: FixedWidthElement {
    /// The value in memory of a row that is null.
    public static var placeholder: CalendarDate { CalendarDate(daysSinceEpoch: 0) }
    /// The type of a column that is made from such values.
    public static var columnType: DataType { .date32 }
    /// Whether values of a column of this type can be read so.
    public static func isReadable(from type: DataType) -> Bool { type == .date32 || type == .date64 }

    /// Reads a row of an array whose type was checked to be readable.
    public init(reading array: ArrayData, _ row: Int) {
        let days = Int64(reading: array, row)
        self.init(
            daysSinceEpoch: Int32(clamping: array.type == .date32 ? days : floorDivide(days, 86_400_000).quotient))
    }

    /// The same value for a column of any type.
    public var cell: Cell { .date(self) }
}

extension TimeOfDay: ColumnElement {
    /// Whether values of a column of this type can be read so.
    public static func isReadable(from type: DataType) -> Bool {
        switch type {
        case .time32, .time64: true
        default: false
        }
    }

    /// Reads a row of an array whose type was checked to be readable.
    public init(reading array: ArrayData, _ row: Int) {
        self.init(Int64(reading: array, row), array.type.timeUnit)
    }

    /// The same value for a column of any type.
    public var cell: Cell { .time(self) }
}

extension Timestamp: ColumnElement {
    /// Whether values of a column of this type can be read so.
    public static func isReadable(from type: DataType) -> Bool {
        switch type {
        case .timestamp, .date64: true
        default: false
        }
    }

    /// Reads a row of an array whose type was checked to be readable.
    public init(reading array: ArrayData, _ row: Int) {
        guard case .timestamp(let unit, let zone) = array.type else {
            self.init(Int64(reading: array, row), .millisecond)
            return
        }
        self.init(Int64(reading: array, row), unit, timeZone: zone)
    }

    /// The same value for a column of any type.
    public var cell: Cell { .timestamp(self) }
}

extension TimeSpan: ColumnElement {
    /// Whether values of a column of this type can be read so.
    public static func isReadable(from type: DataType) -> Bool {
        if case .duration = type { true } else { false }
    }

    /// Reads a row of an array whose type was checked to be readable.
    public init(reading array: ArrayData, _ row: Int) {
        self.init(Int64(reading: array, row), array.type.timeUnit)
    }

    /// The same value for a column of any type.
    public var cell: Cell { .duration(self) }
}

extension CalendarInterval: FixedWidthElement {
    /// The value in memory of a row that is null.
    public static var placeholder: CalendarInterval { CalendarInterval() }
    /// The type of a column that is made from such values.
    public static var columnType: DataType { .interval(.monthDayNano) }

    /// Whether values of a column of this type can be read so.
    public static func isReadable(from type: DataType) -> Bool {
        if case .interval = type { true } else { false }
    }

    /// Reads a row of an array whose type was checked to be readable.
    public init(reading array: ArrayData, _ row: Int) {
        let (position, values) = (array.offset &+ row, array.values)
        switch array.type {
        case .interval(.yearMonth): self.init(months: values.load(Int32.self, position))
        case .interval(.dayTime):
            let milliseconds = Int64(values.load(Int32.self, position &* 2 &+ 1))
            self.init(days: values.load(Int32.self, position &* 2), nanoseconds: milliseconds * 1_000_000)
        default:
            self.init(
                months: values.load(Int32.self, position &* 4), days: values.load(Int32.self, position &* 4 &+ 1),
                nanoseconds: values.load(Int64.self, position &* 2 &+ 1))
        }
    }

    /// The same value for a column of any type.
    public var cell: Cell { .interval(self) }
}

extension DecimalNumber: ColumnElement {
    /// Whether values of a column of this type can be read so.
    public static func isReadable(from type: DataType) -> Bool {
        switch type {
        case .decimal128, .decimal256: true
        default: false
        }
    }

    /// Reads a row of an array whose type was checked to be readable.
    public init(reading array: ArrayData, _ row: Int) {
        let (position, values) = (array.offset &+ row, array.values)
        switch array.type {
        case .decimal128(_, let scale): self.init(values.load(Int128.self, position), scale: scale)
        case .decimal256(_, let scale):
            self.init(
                high: values.load(Int128.self, position &* 2 &+ 1), low: values.load(UInt128.self, position &* 2),
                scale: scale)
        default: self.init(0, scale: 0)
        }
    }

    /// The same value for a column of any type.
    public var cell: Cell { .decimal(self) }
}

extension Cell: ColumnElement {
    /// Whether values of a column of this type can be read so.
    public static func isReadable(from type: DataType) -> Bool { true }
    /// Reads a row of an array whose type was checked to be readable.
    public init(reading array: ArrayData, _ row: Int) { self = array.cell(row) }
    /// The same value for a column of any type.
    public var cell: Cell { self }
}

extension DataType {
    /// The unit of a time, timestamp or duration.
    var timeUnit: TimeUnit {
        switch self {
        case .time32(let unit), .time64(let unit), .timestamp(let unit, _), .duration(let unit): unit
        default: .millisecond
        }
    }
}

extension ArrayData {
    /// An array of byte strings, of type `large` if there are too many bytes for offsets of 32 bits.
    fileprivate convenience init(
        _ values: some Collection<(some Collection<UInt8>)?>, _ small: DataType, large: DataType
    ) {
        var offsets = BufferBuilder()
        var bytes = BufferBuilder()
        var validity = BitmapBuilder()
        let total = values.reduce(0) { $0 + ($1?.count ?? 0) }
        let isLarge = total > Int(Int32.max)
        func end() { if isLarge { offsets.append(Int64(bytes.count)) } else { offsets.append(Int32(bytes.count)) } }
        end()
        for value in values {
            if let value {
                let room = UnsafeMutableRawBufferPointer(start: bytes.extend(by: value.count), count: value.count)
                room.copyBytes(from: value)
            }
            end()
            validity.append(value != nil)
        }
        let count = validity.count
        let bitmap = validity.clear > 0 ? validity.finish() : nil
        self.init(
            isLarge ? large : small, length: count, validity: bitmap, buffers: [offsets.finish(), bytes.finish()])
    }
}
