import ArgumentParser
import Rembus

/// The option `--from`: which stored messages are wanted.
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

    /// Whether the broker sends stored messages again, which it does for named components only.
    var isReplay: Bool { start != .now && start != .lastValue }

    var defaultValueDescription: String { start == .now ? "now" : "last" }
}
