import RembusSupport

/// A frame is an array of its rows for every coder, such as `JSONEncoder`; the coders of Rembus send it as an Arrow
/// stream instead.
extension DataFrame: Codable {
    /// Encodes the rows as objects. Throws what the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        for number in 0..<rowCount {
            try container.encode(Cell.structure(columns.map { Cell.Member($0.name, $0.cell(number)) }))
        }
    }

    /// Decodes an array of objects: the columns are the names that occur, in the order that the decoder tells them.
    /// Throws what the decoder throws, and `dataCorrupted` when values do not go into one column.
    public init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        var collector = RowCollector()
        do {
            while !container.isAtEnd {
                guard case .structure(let members) = try container.decode(Cell.self) else {
                    throw DataFrameError(.mismatch, "row \(collector.rowCount) is not an object")
                }
                try collector.append(members.map { ($0.name, TypedCell($0.value)) })
            }
            self = try collector.finish()
        } catch let error as DataFrameError {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: error.message, underlyingError: error))
        }
    }
}

/// A cell is what it holds for every coder; dates and times are ISO 8601 texts, bytes base64 texts, decimals texts of
/// their digits.
extension Cell: Codable {
    /// Encodes the value. Throws what the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .list(let cells): try cells.encode(to: encoder)
        case .structure(let members):
            var container = encoder.container(keyedBy: OpenKey.self)
            for member in members { try container.encode(member.value, forKey: OpenKey(stringValue: member.name)) }
        case .map(let entries):
            var container = encoder.container(keyedBy: OpenKey.self)
            for entry in entries {
                try container.encode(entry.value, forKey: OpenKey(stringValue: entry.key.plainText))
            }
        default:
            var container = encoder.singleValueContainer()
            try encode(into: &container)
        }
    }

    private func encode(into container: inout any SingleValueEncodingContainer) throws {
        switch self {
        case .null, .list, .structure, .map: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .int(let value): try container.encode(value)
        case .uint(let value): try container.encode(value)
        case .float(let value): value.isFinite ? try container.encode(value) : try container.encodeNil()
        case .double(let value): value.isFinite ? try container.encode(value) : try container.encodeNil()
        default: try container.encode(plainText)
        }
    }

    /// Decodes whatever is there. Throws what the decoder throws.
    public init(from decoder: any Decoder) throws {
        switch try OpenContent<Cell>(from: decoder) {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .int(value)
        case .unsigned(let value): self = .uint(value)
        case .float(let value): self = .double(value)
        case .text(let value): self = .text(value)
        case .list(let cells): self = .list(cells)
        case .members(let members): self = .structure(members.map { Member($0.name, $0.value) })
        }
    }
}

/// A day is an ISO 8601 text such as `2026-11-22` for coders other than those of frames.
extension CalendarDate: Codable {
    /// Encodes the text. Throws what the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// Decodes the text. Throws what the decoder throws, and `dataCorrupted` when it is no day.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let date = CalendarDate(iso8601: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a date like 2026-11-22")
        }
        self = date
    }
}

/// A decimal number is the text of its digits for coders other than those of frames.
extension DecimalNumber: Codable {
    /// Encodes the text. Throws what the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// Decodes the text. Throws what the decoder throws, and `dataCorrupted` when it is no number.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let number = DecimalNumber(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a decimal number")
        }
        self = number
    }
}
