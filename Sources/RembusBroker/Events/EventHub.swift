import Foundation
import Synchronization

/// Distributes events to all readers. While there are none, an event costs one load.
///
/// Used on any thread. Reporting an event never waits: each reader has room for a number of events, and loses the
/// oldest when it is slower.
final class EventHub: Sendable {
    private struct State {
        var readers: [UInt64: AsyncStream<BrokerEvents.Entry>.Continuation] = [:]
        var nextReader: UInt64 = 0
        /// The number of events so far, counted while there were readers.
        var count: UInt64 = 0
        var hasEnded = false
    }

    private let state = Mutex(State())
    private let readerCount = Atomic<Int>(0)
    private let connections = Atomic<UInt64>(0)

    /// Whether there are readers.
    @inline(__always)
    var isRead: Bool { readerCount.load(ordering: .relaxed) > 0 }

    /// Reports something that happened now. `kind` is called only while there are readers; nil reports nothing.
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

    /// Returns a number for a new connection.
    func nextConnection() -> UInt64 { connections.wrappingAdd(1, ordering: .relaxed).newValue }

    /// Adds a reader of all events from now on, with room for `limit` events and at least one.
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
        // This is also called when the sequence is released.
        reader.onTermination = { [weak self] _ in self?.remove(added.number) }
        return BrokerEvents(entries: entries, first: added.first)
    }

    private func remove(_ number: UInt64) {
        state.withLock { state in
            guard state.readers.removeValue(forKey: number) != nil else { return }
            readerCount.wrappingSubtract(1, ordering: .relaxed)
        }
    }

    /// Ends every sequence behind the events that it has. Sequences that are asked for later end at once.
    func end() {
        let readers = state.withLock { state in
            state.hasEnded = true
            readerCount.store(0, ordering: .relaxed)
            defer { state.readers = [:] }
            return Array(state.readers.values)
        }
        // Outside of the lock, because ending a reader takes the lock to remove it.
        for reader in readers { reader.finish() }
    }
}
