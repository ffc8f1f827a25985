import Dispatch
package import Logging
import RembusSupport
import Synchronization

/// The tables that publications fill. Publications that fill a table must not be dropped, whatever their QoS; those
/// that are dropped all the same are counted per table and logged.
package final class FilledTables: Sendable {
    private struct State {
        var shed: [UInt64]
        /// Dropped publications that were not logged yet.
        var silent: [UInt64]
        var nextLog = ContinuousClock.now
        var isScheduled = false
    }

    private static let pause = Duration.seconds(10)

    private let matcher: TableMatcher
    private let names: [String]
    private let logger: Logger
    private let state: Mutex<State>

    package init(_ schema: StoreSchema, logger: Logger) {
        matcher = TableMatcher(schema)
        names = schema.tables.map(\.name)
        self.logger = logger
        let none = [UInt64](repeating: 0, count: names.count)
        state = Mutex(State(shed: none, silent: none))
    }

    /// The number of the table that a topic's publications fill, of whatever tenant; nil for none. To be asked once per
    /// topic.
    package func table(_ topic: String) -> Int? { matcher.match(topic)?.table }

    /// Publications that were dropped since the start, by the name of their table.
    package var shed: [(table: String, count: UInt64)] {
        let counts = state.withLock { $0.shed }
        return Array(zip(names, counts)).map { (table: $0, count: $1) }
    }

    /// Counts a publication that the journal did not take.
    package func drop(_ table: Int) {
        let delay = state.withLock { state -> Duration? in
            state.shed[table] += 1
            state.silent[table] += 1
            guard !state.isScheduled else { return nil }
            state.isScheduled = true
            return max(.zero, state.nextLog - .now)
        }
        guard let delay else { return }
        // The first one at once, then a summary of what has come meanwhile; not on the event loop.
        let nanoseconds = Int(clamping: delay.nanoseconds)
        DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { [weak self] in self?.report()
        }
    }

    private func report() {
        let counts = state.withLock { state in
            state.isScheduled = false
            state.nextLog = .now + Self.pause
            defer { state.silent = state.silent.map { _ in 0 } }
            return state.silent
        }
        for (name, count) in zip(names, counts) where count > 0 {
            logger.warning(
                """
                publications that fill a table are lost, because the disk of the journal is too slow or full; publish them \
                with QoS 1 to have their publisher told
                """, metadata: ["table": "\(name)", "count": .stringConvertible(count)])
        }
    }
}
