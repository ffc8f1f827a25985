import NIOConcurrencyHelpers
import NIOCore

/// A store that keeps the newest publications in memory and forgets them with the process.
package final class MemoryStore: Store {
    /// `log` is used under `lock` only, hence unchecked.
    private final class Partition: @unchecked Sendable {
        let lock = NIOLock()
        @exclusivity(unchecked) var log: MemoryLog

        init(limit: Int) {
            log = MemoryLog(limit: limit)
        }

        func offset(of position: StorePosition) -> UInt64 {
            position >= StorePosition.logBase ? position - StorePosition.logBase : log.offset(after: position)
        }
    }

    private let partitions: [Partition]
    private let limit: Int
    private let names = NIOLockedValueBox<[String: UInt32]>([:])

    /// - Parameters:
    ///   - partitions: How many event loops append.
    ///   - limit: Bytes to keep over all partitions; the oldest publications go first. At least 64 KiB per partition.
    package init(partitions: Int, limit: Int) {
        self.limit = limit
        self.partitions = (0..<partitions).map { _ in Partition(limit: limit / partitions) }
    }

    package var description: String { "memory (\(limit >> 20) MiB)" }

    package var partitionCount: Int { partitions.count }

    package func lastReceivedAt(partition: Int) -> UInt64 { 0 }

    package func number(of name: String) -> UInt32 {
        names.withLockedValue { names in
            if let number = names[name] { return number }
            let number = UInt32(names.count + 1)
            names[name] = number
            return number
        }
    }

    package func number(of name: String, limit: Int) -> UInt32? {
        let isFull = names.withLockedValue { $0[name] == nil && $0.count >= limit }
        return isFull ? nil : number(of: name)
    }

    package func append(
        _ header: RecordHeader, message: UnsafeRawBufferPointer, partition: Int, isAcknowledged: Bool
    ) -> AppendOutcome {
        let partition = partitions[partition]
        return partition.lock.withLock { partition.log.append(header, message: message) } ? .stored : .refused
    }

    package func commit(partition: Int, done: @escaping @Sendable () -> Void) -> Bool {
        true
    }

    package func position(after time: UInt64, partition: Int) -> StorePosition {
        let partition = partitions[partition]
        return StorePosition.logBase + partition.lock.withLock { partition.log.offset(after: time) }
    }

    package func read(
        partition: Int, from position: StorePosition, _ body: (RecordHeader, UnsafeRawBufferPointer) -> Bool
    ) -> ReadOutcome {
        let partition = partitions[partition]
        return partition.lock.withLock {
            let offset = partition.offset(of: position)
            let start = partition.log.startOffset
            let next = partition.log.read(from: offset, body)
            return ReadOutcome(next: StorePosition.logBase + next, lostBytes: start > offset ? start - offset : 0)
        }
    }

    /// All publications are in memory, so the page is always empty and its `next` is where ``read(partition:from:_:)``
    /// continues.
    package func fetch(
        partition: Int, from position: StorePosition, topics: [String]?, done: @escaping @Sendable (StorePage) -> Void
    ) {
        let partition = partitions[partition]
        let next = partition.lock.withLock { partition.offset(of: position) }
        done(StorePage(bytes: ByteBuffer(), next: StorePosition.logBase + next))
    }
}
