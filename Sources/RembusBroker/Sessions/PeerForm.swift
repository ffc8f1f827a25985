import RembusTransport
import RembusWire

/// The form in which a peer writes its messages, which is the form in which it gets messages (protocol.md §1.1).
struct PeerForm {
    /// The encoding of the peer's last message.
    var encoding = MessageKind.binary
    var dialect = JSONDialect()
    /// The form of the id in the message that is being handled.
    var idForm = MessageID.JSONForm.number
}
