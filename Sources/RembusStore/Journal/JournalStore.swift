package import Logging
import NIOConcurrencyHelpers
import Synchronization

/// The durable log of accepted publications: append-only segment files, with the newest records in memory.
///
/// `append` copies into memory on the caller's event loop. One thread writes all partitions to their files, syncs them
/// once for all waiting commits, and reports the commits. Recent records are read from memory, older ones from the
/// files (on a thread of their own), and the oldest from the archive.
package final class JournalStore: Store {
    let shared: JournalShared
    let reader: FetchReader
    private let threads = NIOLockedValueBox<[StorageThread]>([])
    /// Whether `shared.archive` is set, for event loops, which read it without a lock.
    private let isArchived = Atomic(false)

    /// Locks the journal's folder and reads its state; ``start()`` starts the threads.
    ///
    /// Throws when another process uses the folder, when it cannot be read or written, or when a newer version of this
    /// program wrote it. Damaged records are logged and passed over, never an error.
    package init(_ options: JournalOptions, logger: Logger) throws(StorageError) {
        guard 1...RecordHeader.maxPartitions ~= options.partitions else {
            throw StorageError("a journal has 1 to \(RecordHeader.maxPartitions) partitions, not \(options.partitions)")
        }
        var options = options
        options.segmentBytes = max(options.segmentBytes, 1 << 16)
        try options.fileSystem.createDirectory(options.directory)
        let lockFile = try options.fileSystem.lock("\(options.directory)/lock")
        var recovery = JournalRecovery(options: options, logger: logger)
        let partitions = try recovery.partitions()
        let largestNumber = partitions.map { $0.withState { $0.segments.map(\.largestNumber).max() ?? 0 } }.max() ?? 0
        let names = try NameRegistry(
            "\(options.directory)/names", largestNumber: largestNumber, fileSystem: options.fileSystem)
        shared = JournalShared(
            options: options, logger: logger, partitions: partitions, lockFile: lockFile,
            names: names,
            progress: NIOLockedValueBox(JournalShared.Progress(damagedBytes: recovery.damagedBytes)),
            retainedAge: NIOLockedValueBox(options.retainedAge))
        reader = FetchReader(shared)
    }

    /// Starts the writing and the reading thread, which run until ``stop()``.
    package func start() throws(StorageError) {
        let (shared, reader) = (shared, reader)
        let writing = try StorageThread(name: "journal-write") { JournalWriter(shared).run() }
        threads.withLockedValue { $0.append(writing) }
        let reading = try StorageThread(name: "journal-read") { reader.run() }
        threads.withLockedValue { $0.append(reading) }
    }

    /// Writes and syncs everything, reports the waiting commits, ends the threads and unlocks the folder. Blocks, so do
    /// not call it on an event loop. Publications are refused from this call on.
    package func stop() {
        for partition in shared.partitions { partition.withState { $0.isClosed = true } }
        shared.signal.change { $0.isStopping = true }
        reader.stop()
        let running = threads.withLockedValue { threads in
            defer { threads = [] }
            return threads
        }
        for thread in running { thread.join() }
        shared.names.close()
        shared.lockFile.close()
    }

    package var description: String {
        "journal \(shared.options.directory) (\(shared.options.memoryBytes >> 20) MiB in memory)"
    }

    /// Whether the last attempt to write failed. Unlike ``metrics``, this is cheap to read.
    package var isFailing: Bool { shared.progress.withLockedValue { $0.failure != nil } }

    /// What happened since the start.
    package var metrics: JournalMetrics {
        var metrics = JournalMetrics()
        for partition in shared.partitions {
            partition.withState { state in
                metrics.appendedRecords += state.counters.appendedRecords
                metrics.appendedBytes += state.counters.appendedBytes
                metrics.shedByPressure += state.counters.shedByPressure
                metrics.shedByFailure += state.counters.shedByFailure
                metrics.unwrittenBytes += state.log.endOffset - state.writtenEnd
                metrics.waitingCommits += state.waiters.count
                metrics.segments += state.segments.count
                metrics.segmentBytes += state.segments.reduce(0) { $0 + $1.byteCount }
                metrics.unarchivedBytes += state.unarchivedBytes
            }
        }
        let progress = shared.progress.withLockedValue { $0 }
        metrics.writtenBytes = progress.writtenBytes
        metrics.syncs = progress.syncs
        metrics.failure = progress.failure
        metrics.failures = progress.failures
        metrics.damagedBytes = progress.damagedBytes
        (metrics.removedSegments, metrics.removedBytes) = (progress.removedSegments, progress.removedBytes)
        metrics.waitingFetches = reader.waitingCount
        return metrics
    }
}

extension JournalStore {
    package var partitionCount: Int { shared.partitions.count }

    package func lastReceivedAt(partition: Int) -> UInt64 {
        shared.partitions[partition].withState { $0.lastReceivedAt }
    }

    package func number(of name: String) -> UInt32 {
        shared.names.number(of: name)
    }

    package func number(of name: String, limit: Int) -> UInt32? {
        shared.names.number(of: name, limit: limit)
    }

    package func append(
        _ header: RecordHeader, message: UnsafeRawBufferPointer, partition: Int, isAcknowledged: Bool
    ) -> AppendOutcome {
        let (outcome, wake) = shared.partitions[partition].withState {
            $0.append(header, message: message, isAcknowledged: isAcknowledged)
        }
        shared.wake(wake)
        return outcome
    }

    package func commit(partition: Int, done: @escaping @Sendable () -> Void) -> Bool {
        let (isDurable, wake) = shared.partitions[partition].withState { $0.commit(done) }
        shared.wake(wake)
        return isDurable
    }

    /// Sets where records are read that are no longer in segments; nil for nowhere.
    package func setArchive(_ archive: (any Archive)?) {
        shared.archive.withLockedValue { $0 = archive }
        isArchived.store(archive != nil, ordering: .releasing)
    }

    /// Segments older than `age` are deleted once the archive has them; nil for no limit of age.
    package func retain(for age: Duration?) {
        shared.retainedAge.withLockedValue { $0 = age }
        shared.signal.change {
            $0.hasWork = true
            $0.isRetentionDue = true
        }
    }

    package func position(after time: UInt64, partition: Int) -> StorePosition {
        let hasArchive = isArchived.load(ordering: .acquiring)
        return shared.partitions[partition].withState { $0.position(after: time, hasArchive: hasArchive) }
    }

    package func read(
        partition: Int, from position: StorePosition, _ body: (RecordHeader, UnsafeRawBufferPointer) -> Bool
    ) -> ReadOutcome {
        let hasArchive = isArchived.load(ordering: .acquiring)
        return shared.partitions[partition].withState { $0.read(from: position, hasArchive: hasArchive, body) }
    }

    /// Reads a page of about 256 KiB from a segment or the archive. When the records at a log position have moved to
    /// the archive, the page's `next` is a receive time, and some records before the position may be repeated. An empty
    /// page whose `next` equals `position` means that nothing can be read there now.
    package func fetch(
        partition: Int, from position: StorePosition, topics: [String]?, done: @escaping @Sendable (StorePage) -> Void
    ) {
        reader.add(FetchReader.Request(partition: partition, position: position, topics: topics, done: done))
    }
}
