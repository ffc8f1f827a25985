/// What the broker knows of a stored publication besides its bytes.
package struct RecordHeader: Sendable, Hashable {
    /// Receive time, nanoseconds since the epoch; strictly increasing within a partition.
    package var receivedAt: UInt64
    /// A hash of the topic, for a quick "not this one" while scanning; the same seed within one process.
    package var topicHash: UInt64
    /// The publisher's component number; 0 for anonymous publishers.
    package var publisher: UInt32
    /// The publisher's tenant number.
    package var tenant: UInt32

    package init(receivedAt: UInt64, topicHash: UInt64, publisher: UInt32, tenant: UInt32) {
        self.receivedAt = receivedAt
        self.topicHash = topicHash
        self.publisher = publisher
        self.tenant = tenant
    }
}

/// Where in a partition a reader stands. Positions only grow; what lies before the oldest one is gone.
package typealias StorePosition = UInt64

/// The log of accepted publications that replay and slow subscribers read from.
///
/// One shared log with cursors, not a queue per subscriber. It has one partition per event loop, so that appending
/// contends with nothing; a reader merges partitions by receive time. All calls are synchronous and must be cheap: they
/// come from event loops.
package protocol Store: AnyObject, Sendable {
    /// Words for the start-up line, for example `memory (64 MiB)`.
    var description: String { get }

    var partitionCount: Int { get }

    /// Adds one publication in its usual CBOR form to the end of a partition. `receivedAt` must be above that of the
    /// record before.
    func append(_ header: RecordHeader, message: UnsafeRawBufferPointer, partition: Int)

    /// Makes everything appended to the partition so far as durable as this store can. Returns true when it already is;
    /// otherwise returns false and calls `done` (on any thread) once it is.
    func commit(partition: Int, done: @escaping @Sendable () -> Void) -> Bool

    /// The position of the first record received after `time`, or a little before it.
    func position(after time: UInt64, partition: Int) -> StorePosition

    /// Calls `body` with the records at and behind `position`, oldest first, until it returns false. Returns the position
    /// of the first record that was not taken (the one that `body` refused, or the end) and how many bytes of log were
    /// gone before they could be read. `body` runs under the partition's lock: it must not call the store.
    func read(
        partition: Int, from position: StorePosition, _ body: (RecordHeader, UnsafeRawBufferPointer) -> Bool
    ) -> (next: StorePosition, lostBytes: UInt64)
}
