import NIOConcurrencyHelpers
import NIOCore

/// The publications that have lately come from other brokers, so that one which comes by two ways is taken once.
///
/// Shared by the event loops, as the two ways may end on different ones; hence the lock. Bounded: the older half is dropped
/// when the newer one is full.
final class SeenPublications: Sendable {
    private struct Key: Hashable {
        let origin: UInt64
        let receivedAt: UInt64
    }

    private struct State {
        var newer: Set<Key> = []
        var older: Set<Key> = []
    }

    private let state = NIOLockedValueBox(State())
    private let capacity: Int

    /// - Parameter capacity: The least number of publications that are remembered.
    init(capacity: Int = 65_536) { self.capacity = capacity }

    /// False when it was there before.
    func insert(_ trailer: MeshTrailer) -> Bool {
        let key = Key(origin: trailer.origin, receivedAt: trailer.receivedAt)
        return state.withLockedValue { state in
            guard !state.older.contains(key), state.newer.insert(key).inserted else { return false }
            if state.newer.count >= capacity { (state.older, state.newer) = (state.newer, []) }
            return true
        }
    }

    /// It was not taken after all: a copy may be.
    func remove(_ trailer: MeshTrailer) {
        let key = Key(origin: trailer.origin, receivedAt: trailer.receivedAt)
        state.withLockedValue { state in
            state.newer.remove(key)
            state.older.remove(key)
        }
    }
}
