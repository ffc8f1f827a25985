import Logging
import RembusStore
import RembusTables

/// Logs the writing of batches.
///
/// Used on the writer's thread only.
final class BatchLog {
    let warnings: RejectionLog
    private let unknownFields: UnknownFieldLog
    private let logger: Logger
    /// Lines that may repeat with every attempt.
    private var failureLine = RepeatedLine()
    private var journalLine = RepeatedLine()

    init(_ schema: StoreSchema, logger: Logger) {
        self.logger = logger
        warnings = RejectionLog(schema, logger: logger)
        unknownFields = UnknownFieldLog(schema, logger: logger)
    }

    func canRead() {
        guard journalLine.end() else { return }
        logger.notice("the tables' writer can read the journal again")
    }

    func cannotRead(_ error: any Error) {
        journalLine.log(
            logger, .error, "the tables' writer cannot read the journal now: \(error)", about: "\(error)")
    }

    /// - Parameter failures: How many times writing it has failed before.
    func wrote(_ batch: Batch, failures: Int) {
        if failures > 0 {
            logger.notice("the lake can be written to again after \(failures) attempts")
            failureLine.reset()
        }
        warnings.log(batch)
        unknownFields.log(batch)
    }

    func failed(_ postponement: BatchMachine.Postponement, unarchivedBytes: UInt64) {
        if postponement.isFirstFatal {
            logger.critical("DuckDB gives up after a fatal error: the tables need a restart of the broker")
        }
        let attempt = postponement.attempt
        // The first failures are each logged. Later ones are not, so that a server that is away for hours does not fill
        // the log.
        failureLine.log(
            logger, .error, "the lake cannot be written to; publications stay in the journal",
            about: attempt <= 3 ? "\(attempt)" : "later",
            metadata: [
                "error": "\(postponement.error)", "attempt": .stringConvertible(attempt),
                "next": "\(postponement.delay)", "journal": "\(unarchivedBytes >> 20) MiB",
            ])
    }
}
