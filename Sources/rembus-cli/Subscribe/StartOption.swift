import ArgumentParser
import Rembus

/// `--from`: from where stored messages are wanted.
struct StartOption: ExpressibleByArgument {
    var start: ReplayStart

    init(start: ReplayStart) {
        self.start = start
    }

    init?(argument: String) {
        switch argument {
        case "now": start = .now
        case "last": start = .lastReceived
        case "value": start = .lastValue
        default:
            guard let span = TimeSpanOption(argument) else { return nil }
            start = .ago(span.duration)
        }
    }

    /// Whether the broker sends what it has sent before, which it does for a name only.
    var isReplay: Bool { start != .now && start != .lastValue }

    var defaultValueDescription: String { start == .now ? "now" : "last" }
}
