import NIOCore
import RembusListening
import Synchronization

/// Keeps the listeners that a broker has open.
final class BrokerLifecycle: Sendable {
    private struct State {
        var listeners: [any Channel] = []
        var addresses: [String] = []
        var isEnded = false
    }

    private let state = Mutex(State())

    var addresses: [String] { state.withLock { $0.addresses } }

    /// Records a listener that has been opened. `scheme` is what clients write before `://`.
    func started(_ listener: any Channel, scheme: String, at address: ListenAddress) {
        state.withLock {
            $0.listeners.append(listener)
            $0.addresses.append(address.url(scheme: scheme, port: listener.localAddress?.port))
        }
    }

    /// Records that the broker ends. Returns false when it is ending already.
    func end() -> Bool {
        state.withLock { state in
            defer { state.isEnded = true }
            return !state.isEnded
        }
    }

    /// Returns the listeners, which the caller closes. A second call returns none.
    func stop() -> [any Channel] {
        state.withLock { state in
            defer { state.listeners = [] }
            return state.listeners
        }
    }
}
