import NIOCore
import RembusTransport
import Synchronization

/// Which listeners of a broker are open.
final class BrokerLifecycle: Sendable {
    private struct State {
        var listener: WebSocketListener?
        var addresses: [String] = []
    }

    private let state = Mutex(State())

    var addresses: [String] { state.withLock { $0.addresses } }

    func started(_ listener: WebSocketListener, host: String, isSecure: Bool) {
        let port = listener.channel.localAddress?.port ?? 0
        let shown = host.contains(":") ? "[\(host)]" : host
        state.withLock {
            $0.listener = listener
            $0.addresses = ["\(isSecure ? "wss" : "ws")://\(shown):\(port)"]
        }
    }

    /// Hands the listener over to be closed, once.
    func stop() -> WebSocketListener? {
        state.withLock { state in
            defer { state.listener = nil }
            return state.listener
        }
    }
}
