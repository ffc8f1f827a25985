import NIOCore
import Synchronization

/// Which listeners of a broker are open.
final class BrokerLifecycle: Sendable {
    private struct State {
        var listeners: [any Channel] = []
        var addresses: [String] = []
    }

    private let state = Mutex(State())

    var addresses: [String] { state.withLock { $0.addresses } }

    /// Notes a listener. `scheme` is what clients write before `://`.
    func started(_ listener: any Channel, scheme: String, host: String) {
        let port = listener.localAddress?.port ?? 0
        let shown = host.contains(":") ? "[\(host)]" : host
        state.withLock {
            $0.listeners.append(listener)
            $0.addresses.append("\(scheme)://\(shown):\(port)")
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
