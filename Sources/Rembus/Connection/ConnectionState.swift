/// The state of a component's connection.
public enum ConnectionState: Sendable, Hashable {
    /// The first connection is being made.
    case connecting
    /// The component is connected and logged in.
    case connected
    /// The connection was lost, or could not be made at first. Attempts are counted from 1.
    case reconnecting(attempt: Int)
    /// The component has ended. nil after `close()`, otherwise the reason why it does not reconnect.
    case closed(RembusError?)

    /// Whether the component is connected and logged in.
    public var isConnected: Bool { self == .connected }

    /// Whether the component has ended.
    public var isClosed: Bool {
        if case .closed = self { true } else { false }
    }
}
