import NIOCore
import RembusStore
import RembusSupport
import RembusWire
import Synchronization

/// A journal in memory that tests publish into.
final class TestJournal: JournalSource {
    private struct Partition {
        var records: [(header: RecordHeader, message: ByteBuffer)] = []
        var archived: UInt64 = 0
    }

    private struct State {
        var partitions: [Partition]
        var names: [String] = []
        var time: UInt64
        var isHeld = false
    }

    private let state: Mutex<State>
    private let written = Callback<Void>()
    let partitionCount: Int

    /// - Parameter start: The receive time of the first publication, in nanoseconds; its low six bits are ignored.
    init(partitions: Int = 1, start: UInt64 = 1_700_000_000_000_000_000) {
        partitionCount = partitions
        state = Mutex(State(partitions: Array(repeating: Partition(), count: partitions), time: start & ~63))
    }

    /// Adds a publication and returns its receive time.
    @discardableResult
    func publish(
        _ topic: String, _ arguments: [Value] = [], partition: Int = 0, flags: UInt8 = 0, id: UInt64? = nil,
        publisher: String? = nil, tenant: String? = nil
    ) -> UInt64 {
        var bytes = ByteBuffer()
        Message.publish(
            Message.Publish(
                id: id.map(MessageID.init(littleEndian:)), flags: PublishFlags(rawValue: flags), topic: topic,
                arguments: arguments)
        ).encodeCBOR(into: &bytes)
        return publish(bytes, partition: partition, publisher: publisher, tenant: tenant)
    }

    @discardableResult
    func publish(
        _ frame: ByteBuffer, partition: Int = 0, publisher: String? = nil, tenant: String? = nil
    ) -> UInt64 {
        let (publisher, tenant) = (number(publisher), number(tenant))
        defer { written() }
        return state.withLock { state in
            state.time += 64
            let time = state.time | UInt64(partition)
            state.partitions[partition].records.append(
                (RecordHeader(receivedAt: time, topicHash: 1, publisher: publisher, tenant: tenant), frame))
            return time
        }
    }

    /// Lets time pass.
    func skip(nanoseconds: UInt64) {
        state.withLock { $0.time += nanoseconds & ~63 }
    }

    /// Gives out no page while it is held, as a journal whose disk fails.
    func hold(_ isHeld: Bool) {
        state.withLock { $0.isHeld = isHeld }
        written()
    }

    func number(_ name: String?) -> UInt32 {
        guard let name else { return 0 }
        return state.withLock { state in
            if let index = state.names.firstIndex(of: name) { return UInt32(index + 1) }
            state.names.append(name)
            return UInt32(state.names.count)
        }
    }

    func archived(partition: Int) -> UInt64 { state.withLock { $0.partitions[partition].archived } }

    // MARK: JournalSource

    func page(partition: Int, after time: UInt64, maxBytes: Int) throws -> StorePage? {
        state.withLock { state in
            if state.isHeld { return nil }
            let records = state.partitions[partition].records
            var (low, high) = (0, records.count)
            while low < high {
                let middle = (low + high) / 2
                if records[middle].header.receivedAt <= time { low = middle + 1 } else { high = middle }
            }
            guard low < records.count else { return nil }
            var bytes = ByteBuffer()
            for (header, message) in records[low...] {
                let length = RecordFormat.length(of: message.readableBytes)
                bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { target in
                    guard let base = target.baseAddress else { return 0 }
                    base.initializeMemory(as: UInt8.self, repeating: 0, count: length)
                    message.withUnsafeReadableBytes { RecordFormat.write(header, message: $0, to: base) }
                    return length
                }
                if bytes.readableBytes >= maxBytes { break }
            }
            return StorePage(bytes: bytes, next: 0)
        }
    }

    func archived(partition: Int, through time: UInt64) {
        state.withLock { $0.partitions[partition].archived = time }
    }

    func name(of number: UInt32) -> String? {
        state.withLock { number > 0 && number <= $0.names.count ? $0.names[Int(number) - 1] : nil }
    }

    var unarchivedBytes: UInt64 {
        state.withLock { state in
            state.partitions.reduce(0) { sum, partition in
                partition.records.last.map { $0.header.receivedAt > partition.archived ? sum + 1 : sum } ?? sum
            }
        }
    }

    var reach: JournalReach {
        state.withLock { state in
            let accepted = state.partitions.map { $0.records.last?.header.receivedAt ?? 0 }
            return JournalReach(accepted: accepted, readable: state.isHeld ? 0 : .max)
        }
    }

    func onWritten(_ body: (@Sendable () -> Void)?) { written.set(body) }

    func writeOut(timeout: Duration) {}
}
