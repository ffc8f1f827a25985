public import Foundation

extension BrokerStatus {
    /// What the journal did since the broker started, and where it stands.
    public struct Journal: Sendable, Hashable, Codable {
        /// Publications that it took.
        public var appended: UInt64 = 0
        /// Bytes handed to the operating system.
        public var writtenBytes: UInt64 = 0
        /// Syncs that the disk confirmed.
        public var syncs: UInt64 = 0
        /// Bytes that are still to be written.
        public var unwrittenBytes: UInt64 = 0
        /// Publications that it did not take because the disk was too slow.
        public var shedByPressure: UInt64 = 0
        /// Publications that it did not take because it could not be written.
        public var shedByFailure: UInt64 = 0
        /// Why it cannot be written now; nil when it can.
        public var failure: String?
        /// Files on the disk.
        public var files: Int = 0
        /// Their bytes.
        public var fileBytes: UInt64 = 0
        /// Files that were deleted because what they had is old, or is in the tables.
        public var removedFiles: UInt64 = 0
        /// Their bytes.
        public var removedBytes: UInt64 = 0

        /// A journal that has done nothing.
        package init() {}
    }

    /// What the writer of the tables did since the broker started, and where it stands.
    public struct Lake: Sendable, Hashable, Codable {
        /// Publications that were written.
        public var messages: UInt64 = 0
        /// Rows that were written, by table.
        public var rows: [String: UInt64] = [:]
        /// Publications that did not fit, by table.
        public var rejected: [String: UInt64] = [:]
        /// Batches that were written.
        public var commits: UInt64 = 0
        /// How long that took, in seconds.
        public var commitSeconds: Double = 0
        /// Why they cannot be written now; nil when they can.
        public var failure: String?
        /// Bytes in the journal that are not in the tables yet.
        public var lagBytes: UInt64 = 0
        /// Data files in all, as of the last maintenance.
        public var files: UInt64 = 0
        /// Their bytes.
        public var fileBytes: UInt64 = 0
        /// Publications that were deleted because their time was over or there were too many.
        public var expired: UInt64 = 0
        /// When the last maintenance ended; nil before the first one.
        public var lastMaintenance: Date?
        /// What maintenance did, by kind of work (docs/storage.md).
        public var maintenance: [String: Step] = [:]

        /// A kind of work.
        public struct Step: Sendable, Hashable, Codable {
            /// How often it was done.
            public var count: UInt64 = 0
            /// How often it failed.
            public var failures: UInt64 = 0
            /// How long all of it took, in seconds.
            public var seconds: Double = 0

            /// Work that was never done.
            package init() {}
        }

        /// Tables that nothing was written to.
        package init() {}
    }
}

/// What the storage of a broker has counted.
package struct StorageFigures: Sendable {
    package var journal: BrokerStatus.Journal?
    package var lake: BrokerStatus.Lake?
    /// Publications that a table has lost, by its name.
    package var shed: [String: UInt64] = [:]

    package init() {}
}
