import RembusListening
import RembusTransport
import RembusWire

extension Session {
    /// Handles the ping of a component that is connected with ZeroMQ (protocol.md §12).
    ///
    /// The component may not have noticed that the broker was restarted and does not know it. Its ping then counts as
    /// its Identity, whose answer is what §12 asks for: an acceptance, or a challenge when the name has a key.
    func receivePing(_ id: MessageID, _ name: String) {
        let isKnown = state.name.map { ExactText($0) == ExactText(name) } ?? false
        guard transport == .zmq, !isKnown, !name.isEmpty else { return respond(id, .ok, .null) }
        receive(Message.Identity(id: id, name: name))
    }
}
