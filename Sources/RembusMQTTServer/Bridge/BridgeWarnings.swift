import Logging
import NIOCore

/// Warnings about dropped messages: the first one of a kind at once, and then their number every ten seconds.
struct BridgeWarnings {
    private let logger: Logger
    private var kinds: [String: (count: Int, example: String, next: NIODeadline)] = [:]

    private static let pause = TimeAmount.seconds(10)

    init(logger: Logger) { self.logger = logger }

    /// `what` is the kind, one of a few constant texts.
    mutating func note(_ what: String, _ example: @autoclosure () -> String) {
        if let known = kinds[what] {
            kinds[what] = (known.count + 1, known.count == 0 ? example() : known.example, known.next)
        } else {
            logger.warning("dropped \(what): \(example())")
            kinds[what] = (0, "", .now() + Self.pause)
        }
    }

    /// Logs the numbers. Called regularly.
    mutating func report(_ now: NIODeadline = .now()) {
        for (what, known) in kinds where known.next <= now {
            if known.count == 0 {
                kinds[what] = nil
            } else {
                logger.warning("dropped \(known.count) \(what): \(known.example)")
                kinds[what] = (0, "", now + Self.pause)
            }
        }
    }
}
