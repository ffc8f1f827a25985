import Foundation
import Synchronization

/// Hands events to everybody who reads them. While nobody does, an event costs a load.
///
/// Used on any thread. Whoever has something to tell waits for nobody: each reader has room for a number of events, and loses
/// the oldest when it is slower.
final class EventHub: Sendable {
    private struct State {
        var readers: [UInt64: AsyncStream<BrokerEvents.Entry>.Continuation] = [:]
        var nextReader: UInt64 = 0
        /// How many events there were, while anybody read.
        var count: UInt64 = 0
        var hasEnded = false
    }

    private let state = Mutex(State())
    private let readerCount = Atomic<Int>(0)
    private let connections = Atomic<UInt64>(0)

    /// Whether anybody reads.
    @inline(__always)
    var isRead: Bool { readerCount.load(ordering: .relaxed) > 0 }

    /// Tells everybody of something that happened now. What it is is asked for only when somebody reads; nil is nothing.
    @inline(__always)
    func emit(_ kind: @autoclosure () -> BrokerEvent.Kind?) {
        guard isRead, let kind = kind() else { return }
        send(BrokerEvent(time: .now, kind: kind))
    }

    private func send(_ event: BrokerEvent) {
        state.withLock { state in
            let entry = BrokerEvents.Entry(number: state.count, event: event)
            state.count += 1
            for reader in state.readers.values { reader.yield(entry) }
        }
    }

    /// A number for a new connection.
    func nextConnection() -> UInt64 { connections.wrappingAdd(1, ordering: .relaxed).newValue }

    /// A reader of everything from now on, with room for `limit` events, one at least.
    func events(limit: Int) -> BrokerEvents {
        let (entries, reader) = AsyncStream.makeStream(
            of: BrokerEvents.Entry.self, bufferingPolicy: .bufferingNewest(max(1, limit)))
        let added = state.withLock { state -> (number: UInt64, first: UInt64)? in
            guard !state.hasEnded else { return nil }
            let number = state.nextReader
            state.nextReader += 1
            state.readers[number] = reader
            readerCount.wrappingAdd(1, ordering: .relaxed)
            return (number, state.count)
        }
        guard let added else {
            reader.finish()
            return BrokerEvents(entries: entries, first: 0)
        }
        // Also when nobody holds the sequence any more.
        reader.onTermination = { [weak self] _ in self?.remove(added.number) }
        return BrokerEvents(entries: entries, first: added.first)
    }

    private func remove(_ number: UInt64) {
        state.withLock { state in
            guard state.readers.removeValue(forKey: number) != nil else { return }
            readerCount.wrappingSubtract(1, ordering: .relaxed)
        }
    }

    /// Ends every sequence behind the events that it has, and those that are asked for later at once.
    func end() {
        let readers = state.withLock { state in
            state.hasEnded = true
            readerCount.store(0, ordering: .relaxed)
            defer { state.readers = [:] }
            return Array(state.readers.values)
        }
        // Outside of the lock, which each asks for.
        for reader in readers { reader.finish() }
    }
}
