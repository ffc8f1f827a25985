import Logging
import Synchronization

/// Whether the broker should get requests, and why not. `/readyz`, the metrics and the log all ask here.
final class Readiness: Sendable {
    private let sources: Mutex<[@Sendable () -> Set<UnreadyReason>]>
    private let isStopping = Atomic<Bool>(false)
    /// The reasons in the last event.
    private let told = Mutex<[UnreadyReason]>([])
    /// The reasons in the last log entry, and since when they apply.
    private let logged = Mutex<(reasons: [UnreadyReason], since: ContinuousClock.Instant)>(([], .now))

    /// - Parameter storage: Returns what is wrong with the storage. Called on any thread; must be quick.
    init(storage: @escaping @Sendable () -> Set<UnreadyReason>) {
        sources = Mutex([storage])
    }

    /// Adds a source of reasons. It is called on any thread and must be quick.
    func add(_ source: @escaping @Sendable () -> Set<UnreadyReason>) {
        sources.withLock { $0.append(source) }
    }

    /// Removes all sources, because the broker has ended.
    func forget() { sources.withLock { $0 = [] } }

    /// Whether the broker takes no new work any more. Read for every request.
    @inline(__always)
    var hasStopped: Bool { isStopping.load(ordering: .relaxed) }

    /// Stops the start of new work.
    func stop() { isStopping.store(true, ordering: .relaxed) }

    /// Why the broker should get no requests now, in the order of the declarations; empty when it is ready.
    var reasons: [UnreadyReason] {
        var found = sources.withLock { $0 }.reduce(into: Set<UnreadyReason>()) { $0.formUnion($1()) }
        if hasStopped { found.insert(.stopping) }
        return found.isEmpty ? [] : UnreadyReason.allCases.filter { found.contains($0) }
    }

    /// Publishes an event when readiness has changed. Called regularly and when the broker stops. The log reports a
    /// stop only if it takes long.
    func tellChanges(_ events: EventHub) {
        let now = reasons
        let isNew = told.withLock { told in
            defer { told = now }
            return told != now
        }
        if isNew { events.emit(.readinessChanged(now)) }
    }

    /// Logs a change of readiness. Called regularly.
    func logChanges(_ logger: Logger) {
        let now = reasons
        let before = logged.withLock { state -> (reasons: [UnreadyReason], time: Duration)? in
            guard state.reasons != now else { return nil }
            defer {
                if state.reasons.isEmpty || now.isEmpty { state.since = .now }
                state.reasons = now
            }
            return (state.reasons, state.since.duration(to: .now))
        }
        guard let before else { return }
        if now.isEmpty {
            let names = before.reasons.map(\.rawValue).joined(separator: ", ")
            logger.notice(
                "ready again after \(before.time.components.seconds) seconds: what failed works again (\(names))")
        } else {
            logger.warning("not ready: \(now.map(\.sentence).joined(separator: "; "))")
        }
    }
}
