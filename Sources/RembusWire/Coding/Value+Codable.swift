import NIOCore
import RembusSupport

/// Makes values usable with other coders, such as `JSONEncoder`. They encode bytes as base64 text and tagged items as
/// their content. ``CBOREncoder`` and ``CBORDecoder`` keep values as they are.
extension Value: Codable {
    /// Decodes a value from a foreign format. Throws what the decoder throws.
    public init(from decoder: any Decoder) throws {
        switch try OpenContent<Value>(from: decoder) {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .unsigned(let value): self = .unsigned(value)
        case .float(let value): self = .float(value)
        case .text(let value): self = .text(value)
        case .list(let elements): self = .array(elements)
        case .members(let members): self = .map(ValueMap(uniqueKeysWithValues: members.map { ($0.name, $0.value) }))
        }
    }

    /// Encodes the value in a foreign format. Throws what the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .array(let elements): try elements.encode(to: encoder)
        case .map(let map):
            var container = encoder.container(keyedBy: OpenKey.self)
            for pair in map {
                let name = pair.key.stringValue ?? pair.key.jsonText
                try container.encode(pair.value, forKey: OpenKey(stringValue: name))
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
