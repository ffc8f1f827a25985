import NIOCore

/// Makes values usable with foreign coders such as `JSONEncoder`; ``CBOREncoder`` and ``CBORDecoder`` keep them as they
/// are. A foreign coder sees bytes as base64 text and tagged items as their content.
extension Value: Codable {
    /// Decodes a value from a foreign format. Throws what the decoder throws.
    public init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: TextKey.self) {
            self = .map(
                ValueMap(
                    uniqueKeysWithValues: try container.allKeys.map {
                        ($0.stringValue, try container.decode(Value.self, forKey: $0))
                    }))
        } else if var container = try? decoder.unkeyedContainer() {
            var elements: [Value] = []
            while !container.isAtEnd { elements.append(try container.decode(Value.self)) }
            self = .array(elements)
        } else {
            self = try Value(from: decoder.singleValueContainer())
        }
    }

    private init(from container: any SingleValueDecodingContainer) throws {
        // The order matters: the first type that fits is the one that loses nothing.
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(UInt64.self) {
            self = .unsigned(value)
        } else if let value = try? container.decode(Double.self) {
            self = .float(value)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    /// Encodes the value in a foreign format. Throws what the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .array(let elements): try elements.encode(to: encoder)
        case .map(let map):
            var container = encoder.container(keyedBy: TextKey.self)
            for pair in map {
                let name = pair.key.stringValue ?? pair.key.jsonText
                try container.encode(pair.value, forKey: TextKey(stringValue: name))
            }
        case .tagged(_, let content): try content.encode(to: encoder)
        default:
            var container = encoder.singleValueContainer()
            try encode(into: &container)
        }
    }

    private func encode(into container: inout any SingleValueEncodingContainer) throws {
        switch self {
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .unsigned(let value): try container.encode(value)
        case .float(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .bytes(let value): try container.encode(Base64.encode(value))
        case .negative, .bigInteger: try container.encode(doubleValue)
        case .null, .undefined, .simple, .array, .map, .tagged: try container.encodeNil()
        }
    }
}
