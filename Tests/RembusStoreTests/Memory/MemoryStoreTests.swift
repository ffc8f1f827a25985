import RembusStore
import Testing

@Suite struct MemoryStoreTests {
    private func append(_ store: MemoryStore, time: UInt64, _ message: [UInt8], partition: Int = 0) {
        message.withUnsafeBytes {
            let outcome = store.append(
                RecordHeader(receivedAt: time, topicHash: time &* 7, publisher: 3, tenant: 1), message: $0,
                partition: partition, isAcknowledged: false)
            #expect(outcome == .stored)
        }
    }

    private func readAll(_ store: MemoryStore, from position: StorePosition) -> (
        records: [(time: UInt64, message: [UInt8])], next: StorePosition, lost: UInt64
    ) {
        var records: [(UInt64, [UInt8])] = []
        let outcome = store.read(partition: 0, from: position) { header, bytes in
            #expect(header.topicHash == header.receivedAt &* 7 && header.publisher == 3 && header.tenant == 1)
            records.append((header.receivedAt, Array(bytes)))
            return true
        }
        return (records, outcome.next, outcome.lostBytes)
    }

    @Test func recordsComeBackInOrderAndWhole() {
        let store = MemoryStore(partitions: 1, limit: 4 << 20)
        let messages = (0..<100).map { Array(repeating: UInt8($0), count: $0) }
        for (index, message) in messages.enumerated() { append(store, time: UInt64(index + 1), message) }
        let (records, next, lost) = readAll(store, from: 0)
        #expect(records.map(\.message) == messages)
        #expect(records.map(\.time) == Array(1...100))
        #expect(lost == 0)
        #expect(readAll(store, from: next).records.isEmpty)
        append(store, time: 101, [9])
        #expect(readAll(store, from: next).records.map(\.time) == [101])
    }

    @Test func aReaderStopsWhereItRefusesAndGoesOnThere() {
        let store = MemoryStore(partitions: 1, limit: 1 << 20)
        for time in 1...10 as ClosedRange<UInt64> { append(store, time: time, [1]) }
        var seen: [UInt64] = []
        let outcome = store.read(partition: 0, from: 0) { header, _ in
            guard header.receivedAt < 4 else { return false }
            seen.append(header.receivedAt)
            return true
        }
        #expect(seen == [1, 2, 3])
        #expect(readAll(store, from: outcome.next).records.map(\.time) == Array(4...10))
    }

    @Test func theOldestGoFirstAndTheReaderIsTold() {
        let store = MemoryStore(partitions: 1, limit: 2 << 20)
        let message = Array(repeating: UInt8(1), count: 1000)
        for time in 1...5000 as ClosedRange<UInt64> { append(store, time: time, message) }
        let (records, _, lost) = readAll(store, from: StorePosition.logBase)
        #expect(lost > 0)
        #expect(records.last?.time == 5000)
        #expect(records.count > 900 && records.count < 2200)
        let first = records[0].time
        #expect(records.map(\.time) == Array(first...5000))
    }

    @Test func aMessageLargerThanASegmentIsKept() {
        let store = MemoryStore(partitions: 1, limit: 8 << 20)
        let large = Array(repeating: UInt8(7), count: 3 << 20)
        append(store, time: 1, [1])
        append(store, time: 2, large)
        append(store, time: 3, [3])
        #expect(readAll(store, from: 0).records.map(\.message) == [[1], large, [3]])
    }

    @Test func positionsByTimeMissNothing() {
        let store = MemoryStore(partitions: 1, limit: 8 << 20)
        let message = Array(repeating: UInt8(1), count: 10_000)
        for time in 1...400 as ClosedRange<UInt64> { append(store, time: time * 10, message) }
        for time in [0, 5, 10, 15, 1000, 2555, 4000, 9999] as [UInt64] {
            let position = store.position(after: time, partition: 0)
            let found = readAll(store, from: position).records.map(\.time).filter { $0 > time }
            #expect(found == Array(1...400).map { $0 * 10 }.filter { $0 > time })
        }
    }

    @Test func partitionsAreApart() {
        let store = MemoryStore(partitions: 2, limit: 4 << 20)
        append(store, time: 1, [1], partition: 0)
        append(store, time: 2, [2], partition: 1)
        #expect(readAll(store, from: 0).records.map(\.time) == [1])
        #expect(store.partitionCount == 2)
        #expect(store.commit(partition: 1) {})
    }

    @Test func namesGetOneNumberEach() {
        let store = MemoryStore(partitions: 1, limit: 1 << 20)
        #expect(store.number(of: "a") == 1)
        #expect(store.number(of: "b") == 2)
        #expect(store.number(of: "a") == 1)
    }

    @Test func timesAndLogPositionsLeadToTheSameRecords() {
        let store = MemoryStore(partitions: 1, limit: 1 << 20)
        for time in 1...10 as ClosedRange<UInt64> { append(store, time: time, [1]) }
        #expect(store.position(after: 0, partition: 0) == StorePosition.logBase)
        #expect(readAll(store, from: 5).records.map(\.time).suffix(5) == Array(6...10))
        #expect(readAll(store, from: StorePosition.logBase).records.count == 10)
    }
}
