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
        default:
            guard let span = TimeSpanOption(argument) else { return nil }
            start = .ago(span.duration)
        }
    }

    var defaultValueDescription: String { start == .now ? "now" : "last" }
}
