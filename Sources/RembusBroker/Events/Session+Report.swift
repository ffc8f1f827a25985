import Logging
import Synchronization

extension Session {
    /// Says what has happened to this connection, wherever that is said: counts it, writes it down in log and audit log, and
    /// tells readers of events. The log limits lines by the place that they come from, which is that of the call.
    func report(
        _ event: SessionEvent, file: String = #fileID, function: String = #function, line: UInt = #line
    ) {
        count(event)
        if let cause = event.endCause { endCause = cause }
        if let level = event.level {
            core.logger.log(
                level: level, "\(event.sentence(self))", metadata: facts(topic: event.topic), file: file,
                function: function, line: line)
        }
        if core.trust.audit != nil, let record = event.record(self) {
            core.audit(record.action, self, claiming: record.name, outcome: record.outcome, record.details)
        }
        core.events.emit(event.kind(self))
    }

    private func count(_ event: SessionEvent) {
        let counters = core.counters
        switch event {
        case .refusedName(_, _, isFailedProof: true), .failedProof:
            counters.failedLogins.wrappingAdd(1, ordering: .relaxed)
        case .malformed: counters.malformed.wrappingAdd(1, ordering: .relaxed)
        // What the framing refused; what the session refuses is counted above.
        case .ended(let reason) where reason.isViolation:
            counters.malformed.wrappingAdd(1, ordering: .relaxed)
        case .tooSlow: counters.slowConsumers.wrappingAdd(1, ordering: .relaxed)
        case .overtaken(let bytes): counters.overrunBytes.wrappingAdd(bytes, ordering: .relaxed)
        case .unacknowledged(let count, _): counters.unacknowledged.wrappingAdd(count, ordering: .relaxed)
        default: break
        }
    }
}
