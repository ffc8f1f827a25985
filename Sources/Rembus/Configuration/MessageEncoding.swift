/// How a component encodes what it sends; it understands both (docs/spec/protocol.md §1.1).
public enum MessageEncoding: String, Sendable, Hashable, CaseIterable {
    /// CBOR in binary WebSocket messages: compact, and able to carry every value.
    case cbor
    /// JSON-RPC in text WebSocket messages, readable in every debugger. Slots and direct calls have no form in it.
    case json
}
