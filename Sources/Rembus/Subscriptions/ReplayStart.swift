import RembusWire

/// From where a subscription wants messages that the broker has stored.
///
/// Only named components get messages from the store: the broker must know who received what (docs/spec/behaviour.md §11).
public enum ReplayStart: Sendable, Hashable {
    /// Only what is published from now on.
    case now
    /// Everything that this component has not received yet.
    case lastReceived
    /// First the last value of each topic, as far as the broker keeps it, then what is published from now on. Without a name
    /// too, and again after a lost connection.
    case lastValue
    /// What was published in this time before now, as far as this component has not received it yet.
    case ago(Duration)

    /// The form on the wire: nanoseconds back from now (protocol.md §8).
    var nanoseconds: Double {
        switch self {
        case .now, .lastValue: 0
        case .lastReceived: .infinity
        case .ago(let duration): max(duration.seconds, 0) * 1e9
        }
    }

    var command: AdminCommand { .subscribe(messageFrom: nanoseconds, lastValue: self == .lastValue) }
}
