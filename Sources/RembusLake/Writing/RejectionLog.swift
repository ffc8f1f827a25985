import Logging
import RembusTables

/// Warns of publications that do not fit their tables: of the first one of a kind at once, and of later ones every ten
/// seconds. Every line states how many it is about, and how many there were since the start.
final class RejectionLog {
    private struct State {
        var next: ContinuousClock.Instant
        /// The numbers since the last line, and since the start.
        var count = 0
        var total = 0
        /// An example: its topic and what is wrong with it.
        var example: (topic: String, detail: String)?
    }

    private static let pause = Duration.seconds(10)

    private let tables: [String]
    private let logger: Logger
    private var states: [Rejections.Kind: State] = [:]

    init(_ schema: StoreSchema, logger: Logger) {
        tables = schema.tables.map(\.name)
        self.logger = logger
    }

    /// Warns of rejections in a batch.
    func log(_ batch: Batch, now: ContinuousClock.Instant = .now) {
        guard !batch.rejections.isEmpty else { return }
        for (kind, count) in batch.rejections.counts {
            var state = states[kind] ?? State(next: now)
            state.count += count
            state.total += count
            if state.example == nil { state.example = example(kind, batch) }
            states[kind] = state
        }
        logLate(now: now)
    }

    /// Warns of rejections since the last line, if it is time for another one.
    func logLate(now: ContinuousClock.Instant = .now) {
        for (kind, state) in states where state.count > 0 && state.next <= now {
            warn(kind, state)
            states[kind] = State(next: now + Self.pause, total: state.total)
        }
    }

    private func example(_ kind: Rejections.Kind, _ batch: Batch) -> (topic: String, detail: String)? {
        let example = batch.rejections.kept.first { $0.table == kind.table && $0.reason.code == kind.code }
        return example.map {
            (String(decoding: batch.messages.topics.bytes($0.message), as: UTF8.self), $0.reason.message)
        }
    }

    private func warn(_ kind: Rejections.Kind, _ state: State) {
        var metadata: Logger.Metadata = [
            "table": "\(tables[kind.table])", "reason": "\(kind.code.rawValue)",
            "count": .stringConvertible(state.count),
            "since_start": .stringConvertible(state.total),
        ]
        if let example = state.example {
            metadata["topic"] = "\(example.topic)"
            metadata["detail"] = "\(example.detail)"
        }
        logger.warning("publications do not fit their table; they are in the table rejected", metadata: metadata)
    }
}
