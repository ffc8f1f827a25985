/// What a journal has done since its start, and its current state.
package struct JournalMetrics: Sendable, Hashable {
    /// Publications accepted, and the bytes of log they take.
    package var appendedRecords: UInt64 = 0
    package var appendedBytes: UInt64 = 0
    /// Bytes handed to the operating system, and syncs that the disk confirmed.
    package var writtenBytes: UInt64 = 0
    package var syncs: UInt64 = 0
    /// Bytes in memory that still have to be written.
    package var unwrittenBytes: UInt64 = 0
    /// Publications not taken because the disk was too slow.
    package var shedByPressure: UInt64 = 0
    /// Publications not taken because writing failed.
    package var shedByFailure: UInt64 = 0
    /// Why writing fails at present; nil while writing works.
    package var failure: String?
    /// Write errors so far.
    package var failures: UInt64 = 0
    /// Commits that are waiting.
    package var waitingCommits: Int = 0
    package var segments: Int = 0
    package var segmentBytes: UInt64 = 0
    /// Segments deleted because their records are old or archived, and the bytes of these segments.
    package var removedSegments: UInt64 = 0
    package var removedBytes: UInt64 = 0
    /// Bytes that the archive does not have yet.
    package var unarchivedBytes: UInt64 = 0
    /// Bytes of records found damaged, at the start and when read.
    package var damagedBytes: UInt64 = 0
    /// Fetches that are waiting for the reader thread.
    package var waitingFetches: Int = 0
}
