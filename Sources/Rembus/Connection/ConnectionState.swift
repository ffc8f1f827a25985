/// What the connection of a component is doing.
public enum ConnectionState: Sendable, Hashable {
    /// The first connection is being made.
    case connecting
    /// Messages flow.
    case connected
    /// The connection was lost, or could not be made at first; attempts are counted from 1.
    case reconnecting(attempt: Int)
    /// The end; nil after `close()`, else why there is no way back.
    case closed(RembusError?)

    /// Whether messages flow.
    public var isConnected: Bool { self == .connected }

    /// Whether the component has come to its end.
    public var isClosed: Bool {
        if case .closed = self { true } else { false }
    }
}
