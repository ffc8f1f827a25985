import Logging
import Synchronization

/// Whether the broker should be sent requests, and why not: one answer for `/readyz`, the metrics and the log.
final class Readiness: Sendable {
    private let sources: Mutex<[@Sendable () -> Set<UnreadyReason>]>
    private let isStopping = Atomic<Bool>(false)
    /// What readers of events were told last.
    private let told = Mutex<[UnreadyReason]>([])
    /// What the log said last, and since when it has been so.
    private let logged = Mutex<(reasons: [UnreadyReason], since: ContinuousClock.Instant)>(([], .now))

    /// - Parameter storage: What is wrong with the storage; called on any thread, and quick.
    init(storage: @escaping @Sendable () -> Set<UnreadyReason>) {
        sources = Mutex([storage])
    }

    /// Adds something that may be wrong; called on any thread, and quick.
    func add(_ source: @escaping @Sendable () -> Set<UnreadyReason>) {
        sources.withLock { $0.append(source) }
    }

    /// Forgets who was added; the broker has ended.
    func forget() { sources.withLock { $0 = [] } }

    /// Whether the broker takes no new work any more; asked for every request.
    @inline(__always)
    var hasStopped: Bool { isStopping.load(ordering: .relaxed) }

    /// From here on nothing new is begun.
    func stop() { isStopping.store(true, ordering: .relaxed) }

    /// Why no requests should come now, in the order of their declaration; empty when the broker is ready.
    var reasons: [UnreadyReason] {
        var found = sources.withLock { $0 }.reduce(into: Set<UnreadyReason>()) { $0.formUnion($1()) }
        if hasStopped { found.insert(.stopping) }
        return found.isEmpty ? [] : UnreadyReason.allCases.filter { found.contains($0) }
    }

    /// Tells readers of events when readiness has changed. Called regularly, and when the broker stops: the log says that only
    /// when the stop takes its time.
    func tellChanges(_ events: EventHub) {
        let now = reasons
        let isNew = told.withLock { told in
            defer { told = now }
            return told != now
        }
        if isNew { events.emit(.readinessChanged(now)) }
    }

    /// Says in the log when readiness has changed. Called regularly.
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
