import NIOConcurrencyHelpers

/// A store that keeps the newest publications in memory and forgets them with the process.
package final class MemoryStore: Store {
    /// `log` is used under `lock` only, hence unchecked.
    private final class Partition: @unchecked Sendable {
        let lock = NIOLock()
        @exclusivity(unchecked) var log: MemoryLog

        init(limit: Int) {
            log = MemoryLog(limit: limit)
        }
    }

    private let partitions: [Partition]
    private let limit: Int

    /// - Parameters:
    ///   - partitions: How many event loops append.
    ///   - limit: Bytes to keep over all partitions; the oldest publications go first. At least 1 MiB per partition.
    package init(partitions: Int, limit: Int) {
        self.limit = limit
        self.partitions = (0..<partitions).map { _ in Partition(limit: limit / partitions) }
    }

    package var description: String { "memory (\(limit >> 20) MiB)" }

    package var partitionCount: Int { partitions.count }

    package func append(_ header: RecordHeader, message: UnsafeRawBufferPointer, partition: Int) {
        let partition = partitions[partition]
        partition.lock.withLock { partition.log.append(header, message: message) }
    }

    package func commit(partition: Int, done: @escaping @Sendable () -> Void) -> Bool {
        true
    }

    package func position(after time: UInt64, partition: Int) -> StorePosition {
        let partition = partitions[partition]
        return partition.lock.withLock { partition.log.position(after: time) }
    }

    package func read(
        partition: Int, from position: StorePosition, _ body: (RecordHeader, UnsafeRawBufferPointer) -> Bool
    ) -> (next: StorePosition, lostBytes: UInt64) {
        let partition = partitions[partition]
        return partition.lock.withLock { partition.log.read(from: position, body) }
    }
}
