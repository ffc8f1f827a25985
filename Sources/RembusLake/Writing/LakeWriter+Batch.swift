import Logging
import RembusStore

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
        if retry == nil {
            do {
                isLast = try gather()
            } catch {
                // What was gathered before the error is a batch like any other.
                logger.error("the journal cannot be read: \(error)")
            }
        }
        guard !batch.isEmpty else {
            // Frames that are no publications give no rows, but are behind us.
            release()
            return isLast ? .done : .more
        }
        let start = clock.now
        do {
            try commit()
        } catch {
            fail(error)
            return .failed
        }
        succeed(in: clock.now - start)
        return isLast && retry == nil ? .done : .more
    }

    /// Takes records from the journal into the batch; true when that was all.
    private func gather() throws -> Bool {
        defer { batch.close(merger.taken) }
        // A record behind this time may have come after one of another partition that is not on the disk yet.
        let now = WallClock.nanoseconds
        let (rows, bytes) = (configuration.batchRows, configuration.batchBytes)
        return try merger.read(horizon: now) { header, message in
            guard batch.messages.rowCount < rows, batch.byteCount < bytes else { return false }
            batch.append(header, message)
            return true
        }
    }

    private func succeed(in time: Duration) {
        if let retry {
            logger.notice("the lake can be written to again after \(retry.attempts) attempts")
            self.retry = nil
        }
        warnings.log(batch)
        board.committed(batch, frameRows: staging.frames.mapValues(\.rowCount), schema: schema, time: time)
        configuration.onCommit(time)
        maintenance.committed(batch, frames: staging.frames.mapValues(\.rowCount))
        release()
    }

    /// Lets go of the batch, here and in the journal.
    private func release() {
        for (partition, time) in batch.progress.enumerated() where time > 0 {
            source.archived(partition: partition, through: time)
        }
        batch.reset()
    }

    private func fail(_ error: LakeError) {
        var state = retry ?? RetryState()
        state.failed()
        retry = state
        board.failed(error)
        if error.message.contains("invalidated") {
            logger.critical("DuckDB gives up after a fatal error: the tables need a restart of the broker")
        }
        logger.error(
            "the lake cannot be written to; publications stay in the journal",
            metadata: [
                "error": "\(error)", "attempt": "\(state.attempts)", "next": "\(state.delay)",
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
