import RembusSupport

extension DataFrame {
    /// All rows as values of a type whose properties are named like the columns.
    ///
    /// ```swift
    /// struct Reading: Codable { var dn: String; var temperature: Double?; var at: Date }
    /// let readings = try frame.decode(rows: Reading.self)
    /// ```
    /// Numbers are read as every type of numbers that they fit, dates and timestamps as `Date`, bytes as `Data` or
    /// `[UInt8]`, lists as arrays, structures as nested types, maps as dictionaries, categories as their text. Columns
    /// without a property are ignored; an optional property may lack a column.
    ///
    /// Throws a ``DataFrameError`` that names row and column for what does not fit, and what the type itself throws.
    public func decode<T: Decodable>(rows type: T.Type = T.self) throws -> [T] {
        let rows = DecodedRows<T>(self)
        var result: [T] = []
        result.reserveCapacity(rowCount)
        for row in 0..<rowCount { result.append(try rows.decode(row)) }
        return result
    }

    /// The rows as values of a type, decoded one by one when they are asked for; see ``decode(rows:)``.
    ///
    /// ```swift
    /// for row in frame.decoded(as: Reading.self) { print(try row.get().temperature) }
    /// ```
    public func decoded<T: Decodable>(as type: T.Type = T.self) -> DecodedRows<T> { DecodedRows(self) }
}

/// The rows of a frame as values of a type, each decoded when it is asked for.
public struct DecodedRows<T: Decodable>: RandomAccessCollection, Sendable {
    private let columns: RowColumns
    /// The number of rows.
    public let endIndex: Int
    /// The number of the first row, 0.
    public var startIndex: Int { 0 }

    init(_ frame: DataFrame) { self.init(RowColumns(frame), frame.rowCount) }

    init(_ columns: RowColumns, _ count: Int) {
        self.columns = columns
        endIndex = count
    }

    /// The row, or why it cannot be decoded.
    public subscript(row: Int) -> Result<T, any Error> { Result { try decode(row) } }

    func decode(_ row: Int) throws -> T {
        do {
            return try T(from: RowDecoder(columns: columns, row: row))
        } catch let error as DecodingError {
            throw Self.describe(error, row)
        }
    }

    private static func describe(_ error: DecodingError, _ row: Int) -> DataFrameError {
        switch error {
        case .keyNotFound(_, let context), .typeMismatch(_, let context):
            DataFrameError(.mismatch, place(context, row) + ": " + context.debugDescription)
        case .valueNotFound(_, let context), .dataCorrupted(let context):
            DataFrameError(.value, place(context, row) + ": " + context.debugDescription)
        @unknown default: DataFrameError(.value, "row \(row): \(error)")
        }
    }

    private static func place(_ context: DecodingError.Context, _ row: Int) -> String {
        context.codingPath.isEmpty ? "row \(row)" : "row \(row), column \(DataFrames.describe(context.codingPath))"
    }
}

/// Decodes from one row of a frame.
private struct RowDecoder: Decoder {
    let columns: RowColumns
    let row: Int
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(ElementMemberContainer(members: .row(columns, row), codingPath: []))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw DecodingError.typeMismatch(
            [Any].self, .init(codingPath: [], debugDescription: "a row has named values and cannot be read as a list"))
    }

    /// A frame of one column has rows that are single values.
    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        guard columns.columns.count == 1, let column = columns.columns.first else {
            throw DecodingError.typeMismatch(
                Any.self,
                .init(codingPath: [], debugDescription: "a row of several columns cannot be read as one value"))
        }
        let (array, row) = column.locate(row)
        return ElementDecoder(array, row, [OpenKey(stringValue: column.name)])
    }
}
