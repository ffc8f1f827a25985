public import DataFrames
import NIOCore
public import RembusWire

extension Value {
    /// A dataframe as a value: its Arrow stream in tag 80 (docs/spec/protocol.md §5).
    ///
    /// Receivers recognise dataframes as arguments and results, but not within arrays or maps. Throws an error if the
    /// frame is larger than 2 GiB.
    public static func dataFrame(_ frame: DataFrame) throws(DataFrameError) -> Value {
        .tagged(Tag.dataFrame, .bytes(try frame.arrowBuffer()))
    }

    /// The dataframe in this value; nil for any other value, and for a dataframe that cannot be read.
    /// `DataFrame(value)` throws the reason.
    ///
    /// It is decoded at each access, so keep it in a constant when you need it twice.
    public var dataFrame: DataFrame? { try? DataFrame(self) }
}

extension DataFrame {
    /// Reads the dataframe in a value: an Arrow stream in tag 80, or the array of objects that JSON peers send.
    ///
    /// The values of a stream stay in the memory that received them. Throws an error for a malformed stream, for
    /// objects whose values do not fit columns, and for any other value.
    public init(_ value: Value) throws(DataFrameError) {
        switch value {
        case .tagged(Value.Tag.dataFrame, .bytes(let arrow)): self = try DataFrame(arrow: arrow)
        case .array(let rows):
            var collector = RowCollector()
            for row in rows { try collector.append(try Self.members(row, collector.rowCount)) }
            self = try collector.finish()
        default: throw DataFrameError(.mismatch, "the value is no dataframe")
        }
    }

    private static func members(
        _ row: Value, _ number: Int
    ) throws(DataFrameError) -> [(name: String, value: TypedCell)] {
        guard case .map(let map) = row else { throw DataFrameError(.mismatch, "row \(number) is not an object") }
        return map.map { ($0.key.stringValue ?? $0.key.jsonText, TypedCell(Cell($0.value))) }
    }
}

extension Cell {
    /// The cell for a value of a message. Integers beyond 64 bits become decimals, and tagged instants become
    /// timestamps.
    init(_ value: RembusWire.Value) {
        switch value {
        case .null, .undefined, .simple: self = .null
        case .bool(let flag): self = .bool(flag)
        case .integer(let number): self = .int(number)
        case .unsigned(let number): self = .uint(number)
        case .negative(let complement): self = .decimal(DecimalNumber(-1 - Int128(complement), scale: 0))
        case .bigInteger(let number):
            self = DecimalNumber(number.description).map(Cell.decimal) ?? .double(number.doubleValue)
        case .float(let number): self = .double(number)
        case .text(let text): self = .text(text)
        case .bytes(let bytes): self = .bytes(Array(bytes.readableBytesView))
        case .array(let elements): self = .list(elements.map { Cell($0) })
        case .map(let map):
            self = .structure(map.map { Member($0.key.stringValue ?? $0.key.jsonText, Cell($0.value)) })
        case .tagged(RembusWire.Value.Tag.epochSeconds, let content):
            let microseconds = (content.doubleValue ?? .nan) * 1e6
            self =
                Int64(exactly: microseconds.rounded()).map { .timestamp(Timestamp($0, .microsecond, timeZone: "UTC")) }
                ?? .null
        case .tagged(RembusWire.Value.Tag.decimalFraction, let content):
            self = value.decimalText.flatMap { DecimalNumber($0) }.map(Cell.decimal) ?? Cell(content)
        case .tagged(_, let content): self = Cell(content)
        }
    }
}

/// Dataframes are passed as arguments and results like every other value: `let frame: DataFrame = try await
/// component.call("query_sensor")`.
extension DataFrame: DirectlyCodable {
    package var value: Value { (try? encodedValue()) ?? .null }
    package init?(value: Value) { try? self.init(value) }

    package func encodedValue() throws -> Value { try .dataFrame(self) }

    package static func decoded(from value: Value) throws -> DataFrame? {
        switch value {
        case .tagged(Value.Tag.dataFrame, .bytes), .array: try DataFrame(value)
        default: nil
        }
    }
}
