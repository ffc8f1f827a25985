import Logging
import NIOCore
import RembusListening
import RembusStore
import RembusTrust
import RembusWire
import Synchronization

/// The interface of a session to gateways.
extension Session {
    func performForGateway(_ command: AdminCommand, topic: String) -> (status: StatusCode, data: Value) {
        let outcome = perform(command, topic: topic)
        guard outcome.status == .ok else { return outcome }
        switch command {
        case .reactive(true, _), .setup: startReplay()
        case .subscribe: continueCatchUp()
        default: break
        }
        return outcome
    }

    func forgetState() {
        for topic in state.subscriptions.values.map(\.topic) { unsubscribe(topic) }
        state.inFlight.removeAll()
        state.duplicates.removeAll()
    }
}
