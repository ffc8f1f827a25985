import NIOCore
import RembusListening
import Synchronization

/// Which listeners of a broker are open.
final class BrokerLifecycle: Sendable {
    private struct State {
        var listeners: [any Channel] = []
        var addresses: [String] = []
        var isEnded = false
    }

    private let state = Mutex(State())

    var addresses: [String] { state.withLock { $0.addresses } }

    /// Notes a listener. `scheme` is what clients write before `://`.
    func started(_ listener: any Channel, scheme: String, at address: ListenAddress) {
        state.withLock {
            $0.listeners.append(listener)
            $0.addresses.append(address.url(scheme: scheme, port: listener.localAddress?.port))
        }
    }

    /// Notes the end. False when that has begun already.
    func end() -> Bool {
        state.withLock { state in
            defer { state.isEnded = true }
            return !state.isEnded
        }
    }

    /// Hands the listeners over to be closed, once; empty after that.
    func stop() -> [any Channel] {
        state.withLock { state in
            defer { state.listeners = [] }
            return state.listeners
        }
    }
}
