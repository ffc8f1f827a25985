/// The committed records of a journal, for whoever moves them to where they stay. Calls may block and come from storage
/// threads, never from event loops.
package protocol JournalSource: AnyObject, Sendable {
    var partitionCount: Int { get }

    /// The written records behind a receive time, about `maxBytes` of them at most; nil when there is none now.
    func page(partition: Int, after time: UInt64, maxBytes: Int) throws -> StorePage?

    /// Says that everything received up to `time` is stored elsewhere: segments that hold nothing newer may go.
    func archived(partition: Int, through time: UInt64)

    /// The name behind a number of a record; nil for 0 and for numbers never given.
    func name(of number: UInt32) -> String?

    /// Bytes that are written but not archived, over all partitions: the archive's lag.
    var unarchivedBytes: UInt64 { get }

    /// How far the journal is now.
    var reach: JournalReach { get }

    /// Has `body` called, on the journal's thread, whenever something was written; nil ends that. It must be quick.
    func onWritten(_ body: (@Sendable () -> Void)?)

    /// Writes everything that was accepted so far, and returns when that is done or the time is over. Blocks.
    func writeOut(timeout: Duration)
}

/// Where publications lie that the journal no longer has.
package protocol Archive: AnyObject, Sendable {
    /// The records of a partition received after one time and before another, oldest first, about `maxBytes` at most.
    /// The page's `next` is the receive time of its last record, or `before` when there is nothing more in between.
    /// `done` is called once, on any thread; a page without records and with `next` equal to `after` means that the
    /// archive could not be read now.
    func fetch(
        partition: Int, after: UInt64, before: UInt64, topics: [String]?, maxBytes: Int,
        done: @escaping @Sendable (StorePage) -> Void)
}

/// How far a journal is: what it has accepted, and what of that can be read.
package struct JournalReach: Sendable, Equatable {
    /// Per partition, the receive time of the newest publication that is to be recorded; 0 without one.
    package var accepted: [UInt64]
    /// Everything that was accepted up to this time can be read, from all partitions. So whoever reads no further reads
    /// in the order of receipt.
    package var readable: UInt64

    package init(accepted: [UInt64], readable: UInt64 = .max) {
        self.accepted = accepted
        self.readable = readable
    }
}
