import Logging
import RembusStore

/// Warns of publications that do not fit their tables, not more often than is useful: the first of a kind at once, then
/// a summary at most every ten seconds.
final class RejectionLog {
    private struct State {
        var next: ContinuousClock.Instant
        var silent = 0
    }

    private static let pause = Duration.seconds(10)

    private let tables: [String]
    private let logger: Logger
    private var states: [Rejections.Kind: State] = [:]

    init(_ schema: StoreSchema, logger: Logger) {
        tables = schema.tables.map(\.name)
        self.logger = logger
    }

    /// Warns of what a batch rejected.
    func log(_ batch: Batch) {
        guard !batch.rejections.isEmpty else { return }
        let now = ContinuousClock.now
        for (kind, count) in batch.rejections.counts {
            var state = states[kind] ?? State(next: now)
            state.silent += count
            if state.next <= now {
                warn(kind, count: state.silent, of: batch)
                state = State(next: now + Self.pause)
            }
            states[kind] = state
        }
    }

    private func warn(_ kind: Rejections.Kind, count: Int, of batch: Batch) {
        let example = batch.rejections.kept.first { $0.table == kind.table && $0.reason.code == kind.code }
        var metadata: Logger.Metadata = [
            "table": "\(tables[kind.table])", "reason": "\(kind.code.rawValue)", "count": .stringConvertible(count),
        ]
        if let example {
            metadata["topic"] = "\(String(decoding: batch.messages.topics.bytes(example.message), as: UTF8.self))"
            metadata["detail"] = "\(example.reason.message)"
        }
        logger.warning("publications do not fit their table; they are in the table rejected", metadata: metadata)
    }
}
