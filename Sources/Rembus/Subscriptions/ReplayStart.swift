import RembusWire

/// Which messages that the broker has stored a subscription starts with.
///
/// Only named components get stored messages, because the broker has to know what the component has received
/// (docs/spec/behaviour.md §11).
public enum ReplayStart: Sendable, Hashable {
    /// None: only messages that are published from now on.
    case now
    /// All messages that this component has not received yet.
    case lastReceived
    /// The last value of each topic, if the broker keeps it, and then messages that are published from now on. This
    /// works without a name too, and is repeated after a reconnect.
    case lastValue
    /// Messages that were published in this time before now and that this component has not received yet.
    case ago(Duration)

    /// The value on the wire: nanoseconds back from now (protocol.md §8).
    var nanoseconds: Double {
        switch self {
        case .now, .lastValue: 0
        case .lastReceived: .infinity
        case .ago(let duration): max(duration.seconds, 0) * 1e9
        }
    }

    var command: AdminCommand { .subscribe(messageFrom: nanoseconds, lastValue: self == .lastValue) }
}
