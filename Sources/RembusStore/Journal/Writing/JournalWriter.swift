import Logging
import NIOConcurrencyHelpers
import RembusSupport
import RembusWire

/// The journal's one writing thread: writes what event loops appended, syncs it, reports commits, completes and deletes
/// segments.
///
/// Everything except `shared` is used by this thread only.
final class JournalWriter {
    private static let retryDelay: UInt64 = 1_000_000_000
    private static let longestMoment: UInt64 = 500_000
    private static let reminderDelay: UInt64 = 30_000_000_000
    /// How often the folder of an idle journal is checked for its existence.
    private static let lookDelay: UInt64 = 1_000_000_000

    private let shared: JournalShared
    private let writers: [PartitionWriter]
    private var retention: SegmentRetention
    /// When to try again after an error; nil while writing works.
    private var retryAt: UInt64?
    private var failingSince: UInt64 = 0
    private var remindAt: UInt64 = 0
    /// The number of commits that the last pass reported, and how long its syncs took.
    private var reported = 0
    private var syncNanoseconds: UInt64 = 0

    init(_ shared: JournalShared) {
        self.shared = shared
        let staging = WriteStaging()
        writers = shared.partitions.map { PartitionWriter($0, shared: shared, staging: staging) }
        retention = SegmentRetention(shared)
    }

    /// The thread's function: returns after ``JournalShared/Signal/isStopping`` was set.
    func run() {
        while true {
            let signal = waitForWork()
            pass()
            retention.apply(
                isDue: signal.isRetentionDue || writers.contains { $0.hasRotated }, written: writtenBytes)
            for writer in writers { writer.hasRotated = false }
            if signal.isStopping { break }
        }
        close()
    }

    private var writtenBytes: UInt64 { writers.reduce(0) { $0 + $1.writtenBytes } }

    private func waitForWork() -> JournalShared.Signal {
        let signal = shared.signal
        // While writing fails, only the time of the next attempt counts: a waiting commit does not hasten it.
        let isFailing = retryAt != nil
        let look = MonotonicClock.nanoseconds() + Self.lookDelay
        let deadline = retryAt ?? writers.compactMap(\.syncDeadline).reduce(min(look, retention.deadline ?? look), min)
        signal.wait(until: deadline, { $0.isStopping || (!isFailing && $0.hasWork) }, then: { _ in })
        if !isFailing {
            // Unless a commit waits, the writer waits a little for more records.
            let linger = MonotonicClock.nanoseconds() + shared.options.writeDelay.nanoseconds
            signal.wait(until: min(deadline, linger), { $0.isUrgent || $0.isStopping || !$0.hasWork }, then: { _ in })
        }
        if !isFailing { gather() }
        return signal.change { signal in
            defer { signal = JournalShared.Signal(isStopping: signal.isStopping) }
            return signal
        }
    }

    /// When several commits waited the last time, as many are likely to come again. Without this pause the first would
    /// get a sync of its own and the others would wait for the next one.
    private func gather() {
        guard reported > 1 else { return }
        let moment = min(syncNanoseconds / 5, Self.longestMoment)
        shared.signal.wait(until: MonotonicClock.nanoseconds() + moment, { $0.isStopping }, then: { _ in })
    }

    private func pass() {
        reported = 0
        if let retryAt, MonotonicClock.nanoseconds() < retryAt { return }
        var failure: StorageError?
        var hasWritten = false
        do throws(StorageError) {
            try shared.requireFolder()
            try shared.names.write(syncing: shared.options.sync != .none)
            for writer in writers {
                // A failure in one partition does not stop the others, unless the disk itself fails.
                do throws(StorageError) {
                    if try writer.write() { hasWritten = true }
                    let start = MonotonicClock.nanoseconds()
                    if try writer.syncIfDue() {
                        syncNanoseconds = MonotonicClock.nanoseconds() - start
                        shared.options.onSync(syncNanoseconds)
                    }
                } catch {
                    failure = error
                }
                report(writer.partition)
            }
        } catch {
            failure = error
        }
        note(failure)
        publishMetrics()
        guard hasWritten else { return }
        shared.generation.change { $0 += 1 }
        shared.onWritten()
    }

    private func report(_ partition: JournalPartition) {
        let done = partition.withState { $0.takeDone() }
        reported += done.count
        for waiter in done { waiter.done() }
    }

    private func note(_ failure: StorageError?) {
        let now = MonotonicClock.nanoseconds()
        guard let failure else {
            guard retryAt != nil else { return }
            retryAt = nil
            for partition in shared.partitions { partition.withState { $0.isFailing = false } }
            shared.logger.notice(
                "the journal works again after \((now - failingSince) / 1_000_000_000) seconds: acknowledgements go on")
            return
        }
        if retryAt == nil {
            failingSince = now
            remindAt = now
            for partition in shared.partitions { partition.withState { $0.isFailing = true } }
        }
        retryAt = now + Self.retryDelay
        shared.progress.withLockedValue { $0.failures += 1 }
        guard now >= remindAt else { return }
        remindAt = now + Self.reminderDelay
        shared.logger.error(
            """
            the journal cannot be written: \(failure). Publications at QoS 1 and 2 are not acknowledged; those at QoS 0 go on, \
            but are not stored once memory is full. Trying again every second
            """)
        shared.progress.withLockedValue { $0.failure = failure.description }
    }

    private func publishMetrics() {
        let written = writtenBytes
        let syncs = writers.reduce(0) { $0 + $1.syncs }
        let isFailing = retryAt != nil
        shared.progress.withLockedValue { progress in
            progress.writtenBytes = written
            progress.syncs = syncs
            if !isFailing { progress.failure = nil }
        }
    }

    private func close() {
        for writer in writers {
            do throws(StorageError) {
                try shared.requireFolder()
                try shared.names.write(syncing: true)
                try writer.close()
            } catch {
                let lost = writer.partition.withState { $0.log.endOffset - $0.durableEnd }
                shared.logger.error("the journal ends without its last \(lost) bytes: \(error)")
            }
            report(writer.partition)
        }
        publishMetrics()
        shared.generation.change { $0 += 1 }
    }
}
