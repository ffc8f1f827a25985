import Synchronization

/// Holds the connection state and tells observers about changes.
final class StateHub: Sendable {
    private struct Observers {
        var state = ConnectionState.connecting
        var continuations: [UInt64: AsyncStream<ConnectionState>.Continuation] = [:]
        var nextID: UInt64 = 0
    }

    private let observers = Mutex(Observers())

    var state: ConnectionState { observers.withLock { $0.state } }

    /// Changes the state, except that `closed` is final.
    func set(_ state: ConnectionState) {
        let finished = observers.withLock { observers -> [AsyncStream<ConnectionState>.Continuation] in
            guard !observers.state.isClosed, observers.state != state else { return [] }
            observers.state = state
            for continuation in observers.continuations.values { continuation.yield(state) }
            guard state.isClosed else { return [] }
            defer { observers.continuations.removeAll() }
            return Array(observers.continuations.values)
        }
        // Outside of the lock, because the end of a stream calls `forget`.
        for continuation in finished { continuation.finish() }
    }

    /// The current state and all later ones. A slow observer misses intermediate states, so that memory is limited.
    func updates() -> AsyncStream<ConnectionState> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: ConnectionState.self, bufferingPolicy: .bufferingNewest(64))
        let id: UInt64? = observers.withLock { observers in
            continuation.yield(observers.state)
            guard !observers.state.isClosed else { return nil }
            observers.nextID += 1
            observers.continuations[observers.nextID] = continuation
            return observers.nextID
        }
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.forget(id)
        }
        return stream
    }

    private func forget(_ id: UInt64) {
        observers.withLock { $0.continuations[id] = nil }
    }
}
