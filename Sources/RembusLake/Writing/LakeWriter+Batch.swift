import Logging
import RembusStore
import RembusSupport

extension LakeWriter {
    enum BatchOutcome {
        /// Written, and the journal has more.
        case more
        /// Nothing is left to write.
        case done
        /// The lake cannot be written to now.
        case failed
    }

    /// Gathers a batch unless one is waiting, and writes it.
    func writeBatch() -> BatchOutcome {
        let clock = ContinuousClock()
        var isLast = true
        var passed: [UInt64] = []
        if retry == nil {
            do {
                (isLast, passed) = try gather()
                if journalLine.end() { logger.notice("the tables' writer can read the journal again") }
            } catch {
                // The publications that were read before the error are written as usual.
                journalLine.log(
                    logger, .error, "the tables' writer cannot read the journal now: \(error)", about: "\(error)")
            }
        }
        guard !batch.isEmpty else {
            // Records that are no publications give no rows, but the journal need not keep them for the lake.
            release(passed)
            return isLast ? .done : .more
        }
        let start = clock.now
        do {
            try place.check()
            try commit()
        } catch {
            fail(error)
            return .failed
        }
        succeed(in: clock.now - start, passed)
        return isLast && retry == nil ? .done : .more
    }

    /// Takes records from the journal into the batch; true when that was all. And, per partition, how far the journal is
    /// behind us then, whether or not all that it accepted could be read.
    private func gather() throws -> (isLast: Bool, passed: [UInt64]) {
        defer { batch.close(merger.taken) }
        // A record behind this time may have come after one of another partition that is not on the disk yet.
        let reach = source.reach
        let horizon = isStopping ? reach.readable : min(WallClock.nanoseconds(), reach.readable)
        let (rows, bytes) = (configuration.batchRows, configuration.batchBytes)
        let isLast = try merger.read(horizon: horizon) { header, message in
            guard batch.messages.rowCount < rows, batch.byteCount < bytes else { return false }
            batch.append(header, message)
            return true
        }
        return (isLast, isLast ? reach.accepted.map { $0 <= horizon ? $0 : 0 } : [])
    }

    private func succeed(in time: Duration, _ passed: [UInt64]) {
        if let retry {
            logger.notice("the lake can be written to again after \(retry.attempts) attempts")
            self.retry = nil
            failureLine.reset()
        }
        warnings.log(batch)
        unknownFields.log(batch)
        metricsStore.committed(batch, frameRows: staging.frames.mapValues(\.rowCount), schema: schema, time: time)
        configuration.onCommit(time)
        maintenance.committed(batch, frames: staging.frames.mapValues(\.rowCount))
        schedule.wrote(in: time)
        release(passed)
    }

    /// Lets go of the batch, here and in the journal, and of whoever waits for it.
    /// - Parameter passed: What else of the journal is behind us, as receive times by partition.
    private func release(_ passed: [UInt64]) {
        for (partition, time) in batch.progress.enumerated() where time > 0 {
            source.archived(partition: partition, through: time)
        }
        progress.pass(batch.progress)
        progress.pass(passed)
        batch.reset()
    }

    private func fail(_ error: LakeError) {
        var state = retry ?? RetryState()
        state.failed()
        retry = state
        metricsStore.failed(error)
        if error.kind == .fatal, state.attempts == 1 {
            logger.critical("DuckDB gives up after a fatal error: the tables need a restart of the broker")
        }
        // The first attempts are said each; a server that is away for hours fills no log.
        let about = state.attempts <= 3 ? "\(state.attempts)" : "later"
        failureLine.log(
            logger, .error, "the lake cannot be written to; publications stay in the journal", about: about,
            metadata: [
                "error": "\(error)", "attempt": .stringConvertible(state.attempts), "next": "\(state.delay)",
                "journal": "\(source.unarchivedBytes >> 20) MiB",
            ])
    }
}

/// How long to wait after failures: 0.5 s, doubling up to 30 s.
struct RetryState {
    private(set) var attempts = 0
    private(set) var delay = Duration.milliseconds(250)
    private var due = ContinuousClock.now

    mutating func failed() {
        attempts += 1
        delay = min(delay * 2, .seconds(30))
        due = .now + delay
    }

    var isDue: Bool { due <= .now }
}
