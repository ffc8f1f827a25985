/// The value at a place in a decoder, of any type, for types that have no fixed structure.
package enum OpenContent<Element: Decodable> {
    case null
    case bool(Bool)
    case integer(Int64)
    /// An integer beyond the range of `Int64`.
    case unsigned(UInt64)
    case float(Double)
    case text(String)
    case list([Element])
    case members([(name: String, value: Element)])

    /// Throws what the decoder throws.
    package init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: OpenKey.self) {
            self = .members(
                try container.allKeys.map { ($0.stringValue, try container.decode(Element.self, forKey: $0)) })
        } else if var container = try? decoder.unkeyedContainer() {
            var elements: [Element] = []
            while !container.isAtEnd { elements.append(try container.decode(Element.self)) }
            self = .list(elements)
        } else {
            self = try OpenContent(from: decoder.singleValueContainer())
        }
    }

    private init(from container: any SingleValueDecodingContainer) throws {
        // The order matters: the first type that matches is the one without a loss.
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
}
