import Logging
import RembusStore

/// The steps of maintenance that fail, how long they are left out, and what is logged about them.
struct StepFailures {
    private struct Failure {
        var count = 0
        /// The round from which on it is tried again.
        var due = 0
        var line = RepeatedLine()
    }

    /// The most rounds that a failing step is left out for.
    private static let longestPause = 32

    private var failures: [String: Failure] = [:]

    /// Whether no step has failed at its last attempt.
    var isEmpty: Bool { failures.isEmpty }

    /// Whether a step is tried in this round. After its failures it is left out for one round, two, four, …
    func isDue(_ name: String, round: Int) -> Bool { (failures[name]?.due ?? 0) <= round }

    mutating func failed(_ step: Maintenance.Step, _ error: LakeError, round: Int, _ logger: Logger) {
        var failure = failures[step.name] ?? Failure()
        let pause = min(1 << min(failure.count, 10), Self.longestPause)
        failure.count += 1
        failure.due = round + pause
        failure.line.log(
            logger, .warning, "maintenance of the lake failed; nothing is lost, and it is tried again later",
            about: error.message,
            metadata: [
                "step": "\(step.kind)", "table": "\(step.table ?? "")", "error": "\(error)",
                "attempt": .stringConvertible(failure.count),
            ])
        failures[step.name] = failure
    }

    mutating func succeeded(_ step: Maintenance.Step, _ logger: Logger) {
        guard let failure = failures.removeValue(forKey: step.name) else { return }
        logger.notice(
            "maintenance of the lake works again",
            metadata: [
                "step": "\(step.kind)", "table": "\(step.table ?? "")", "failures": .stringConvertible(failure.count),
            ])
    }
}
