/// The log of accepted publications that replay and slow subscribers read from.
///
/// There is one shared log with cursors, not a queue per subscriber. The log has one partition per event loop, so that
/// appending needs no contended lock; a reader merges partitions by receive time. Calls are synchronous and cheap,
/// because they come from event loops; records that are not in memory are fetched.
package protocol Store: AnyObject, Sendable {
    /// Words for the start-up line, for example `memory (64 MiB)`.
    var description: String { get }

    /// At least the number of event loops; more when an earlier run had more.
    var partitionCount: Int { get }

    /// The receive time of the newest record of an earlier run; 0 without one.
    func lastReceivedAt(partition: Int) -> UInt64

    /// The durable number of a component's or tenant's name, the same after a restart. Never 0.
    func number(of name: String) -> UInt32

    /// Does the same as ``number(of:)`` unless there would be more than `limit` names; then the result is nil. Numbers
    /// are never freed, so the number of merely claimed names must be bounded.
    func number(of name: String, limit: Int) -> UInt32?

    /// Adds one publication in its usual CBOR form to the end of a partition. `receivedAt` must be above that of the
    /// previous record. `isAcknowledged` says that the publication must not be dropped, because its publisher waits for
    /// an acknowledgement (QoS 1 and 2) or it fills a table. Publishers of such publications are paused instead.
    func append(
        _ header: RecordHeader, message: UnsafeRawBufferPointer, partition: Int, isAcknowledged: Bool
    ) -> AppendOutcome

    /// Makes everything appended to the partition so far as durable as this store can. Returns true when it already is;
    /// otherwise returns false and calls `done` (on any thread) once it is. `done` is not called while the disk fails.
    func commit(partition: Int, done: @escaping @Sendable () -> Void) -> Bool

    /// The position of the first record received after `time`, or a little before it.
    func position(after time: UInt64, partition: Int) -> StorePosition

    /// Calls `body` with the records in memory at and behind `position`, oldest first, until it returns false. `body`
    /// runs under the partition's lock: it must not call the store.
    func read(
        partition: Int, from position: StorePosition, _ body: (RecordHeader, UnsafeRawBufferPointer) -> Bool
    ) -> ReadOutcome

    /// Fetches records that are no longer in memory. `topics` may restrict the result to these exact topics where that
    /// saves work; nil asks for all. `done` is called once, on any thread.
    func fetch(
        partition: Int, from position: StorePosition, topics: [String]?, done: @escaping @Sendable (StorePage) -> Void
    )
}

/// The result of appending a publication.
package enum AppendOutcome: Sendable, Equatable {
    case stored
    /// Stored, but the log cannot keep up: the broker should not read from the publisher until the next commit.
    case pressed
    /// Not stored, because the memory is full of records that are not on the disk yet. A publication at QoS 0 is
    /// delivered without being stored; one that needs an acknowledgement must not be accepted.
    case refused
}

/// How far a read in memory came.
package struct ReadOutcome: Sendable, Equatable {
    /// The position of the first record that was not taken: the one that `body` refused, or the end.
    package var next: StorePosition
    /// Bytes of log that were gone before they could be read.
    package var lostBytes: UInt64
    /// True when the records at `next` are not in memory but can be fetched.
    package var mustFetch: Bool
    /// Bytes of publications that were kept in memory only and have left it (see ``StorePage/skippedBytes``).
    package var skippedBytes: UInt64

    package init(next: StorePosition, lostBytes: UInt64 = 0, mustFetch: Bool = false, skippedBytes: UInt64 = 0) {
        self.next = next
        self.lostBytes = lostBytes
        self.mustFetch = mustFetch
        self.skippedBytes = skippedBytes
    }
}
