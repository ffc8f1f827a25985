/// How a component encodes outgoing messages. It understands both encodings (docs/spec/protocol.md §1.1).
public enum MessageEncoding: String, Sendable, Hashable, CaseIterable {
    /// CBOR in binary WebSocket messages: compact, and able to carry every value.
    case cbor
    /// JSON-RPC in text WebSocket messages: readable in every debugger. It cannot carry slots and direct calls.
    case json
}
