public import Foundation

extension BrokerStatus {
    /// The counts of the journal since the start of the broker, and its state.
    public struct Journal: Sendable, Hashable, Codable {
        /// Publications that were appended.
        public var appended: UInt64 = 0
        /// Bytes handed to the operating system.
        public var writtenBytes: UInt64 = 0
        /// Syncs that the disk has confirmed.
        public var syncs: UInt64 = 0
        /// Bytes that are still to be written.
        public var unwrittenBytes: UInt64 = 0
        /// Publications that were not accepted because the disk was too slow.
        public var shedByPressure: UInt64 = 0
        /// Publications that were not accepted because the journal could not be written.
        public var shedByFailure: UInt64 = 0
        /// Why it cannot be written now; nil when it can.
        public var failure: String?
        /// The number of files on the disk.
        public var files: Int = 0
        /// The bytes of these files.
        public var fileBytes: UInt64 = 0
        /// The number of files that were deleted, because their publications were too old or had been moved to the
        /// tables.
        public var removedFiles: UInt64 = 0
        /// The bytes of the deleted files.
        public var removedBytes: UInt64 = 0

        /// All counts zero.
        package init() {}
    }

    /// The counts of the writer of the tables since the start of the broker, and its state.
    public struct Lake: Sendable, Hashable, Codable {
        /// Publications that were written.
        public var messages: UInt64 = 0
        /// Rows that were written, by table.
        public var rows: [String: UInt64] = [:]
        /// Publications that did not fit their table's columns, by table.
        public var rejected: [String: UInt64] = [:]
        /// Batches that were written.
        public var commits: UInt64 = 0
        /// How long writing took in all, in seconds.
        public var commitSeconds: Double = 0
        /// Why the tables cannot be written now; nil when they can.
        public var failure: String?
        /// Bytes in the journal that are not in the tables yet.
        public var lagBytes: UInt64 = 0
        /// The number of data files, as of the last maintenance.
        public var files: UInt64 = 0
        /// The bytes of the data files.
        public var fileBytes: UInt64 = 0
        /// Publications that were deleted because their retention time was over or there were too many.
        public var expired: UInt64 = 0
        /// When the last maintenance ended; nil before the first one.
        public var lastMaintenance: Date?
        /// The counts of maintenance, by kind of work (docs/storage.md).
        public var maintenance: [String: Step] = [:]

        /// The counts of one kind of work.
        public struct Step: Sendable, Hashable, Codable {
            /// How many times it was done.
            public var count: UInt64 = 0
            /// How many times it failed.
            public var failures: UInt64 = 0
            /// How long it took in all, in seconds.
            public var seconds: Double = 0

            /// All counts zero.
            package init() {}
        }

        /// All counts zero.
        package init() {}
    }
}

/// The counts of a broker's storage.
package struct StorageFigures: Sendable {
    package var journal: BrokerStatus.Journal?
    package var lake: BrokerStatus.Lake?
    /// Publications that each table has lost, by the table's name.
    package var shed: [String: UInt64] = [:]

    package init() {}
}
