/// Rules for unusual forms that both encodings accept.
extension Message {
    /// The arguments of a payload: none when it is null or missing, and one when it is not an array (protocol.md §3.1).
    package static func arguments(from payload: Value?) -> [Value] {
        switch payload {
        case nil, .null, .undefined: []
        case .array(let elements): elements
        case .some(let argument): [argument]
        }
    }

    /// The ports in a `meta` map; empty when it is null or missing. Entries that are not text → unsigned are skipped.
    static func meta(from value: Value?) throws(WireError) -> [String: UInt64] {
        guard let value, !value.isNull else { return [:] }
        guard let map = value.mapValue else { throw WireError(.invalidMessage, "The meta must be a map.") }
        return map.reduce(into: [:]) { ports, pair in
            if let name = pair.key.stringValue, let port = pair.value.uintValue { ports[name] = port }
        }
    }

    /// The `meta` map on the wire, sorted so that equal messages have equal bytes.
    static func value(ofMeta ports: [String: UInt64]) -> Value {
        .map(
            ValueMap(uniqueKeysWithValues: ports.sorted { $0.key < $1.key }.map { ($0.key, Value(unsigned: $0.value)) })
        )
    }
}
