/// What the broker knows of a stored publication besides its bytes.
package struct RecordHeader: Sendable, Hashable {
    /// Receive time, nanoseconds since the epoch; strictly increasing within a partition. Its low six bits are the
    /// partition's number, so that no two publications of a broker share one.
    package var receivedAt: UInt64
    /// A hash of the topic, for a quick "not this one" while scanning; the same seed within one process. 0 in records
    /// that come from an earlier process or from the archive: whoever needs the hash computes it.
    package var topicHash: UInt64
    /// The publisher's component number; 0 for anonymous publishers.
    package var publisher: UInt32
    /// The publisher's tenant number.
    package var tenant: UInt32
    /// False for a publication that is kept in memory only, for subscribers that fell behind.
    package var isRecorded: Bool

    package init(receivedAt: UInt64, topicHash: UInt64, publisher: UInt32, tenant: UInt32, isRecorded: Bool = true) {
        self.receivedAt = receivedAt
        self.topicHash = topicHash
        self.publisher = publisher
        self.tenant = tenant
        self.isRecorded = isRecorded
    }

    /// The partition that a receive time belongs to. Times that another implementation wrote have arbitrary low bits.
    package static func partition(of receivedAt: UInt64, count: Int) -> Int {
        Int(receivedAt & UInt64(maxPartitions - 1)) % count
    }

    /// How many partitions a store may have: the low six bits of a receive time name one.
    package static let maxPartitions = 64
}

/// Where in a partition a reader stands. Positions only grow; what lies before the oldest one is gone.
///
/// From ``StorePosition/logBase`` on a position is an offset in the partition's log. Below, it is a receive time and means
/// "behind this time, in the archive": what has left the log is found there by its time.
package typealias StorePosition = UInt64

extension StorePosition {
    /// The position of a log's first byte. Receive times stay below it until the year 2262.
    package static let logBase: StorePosition = 1 << 63
}
