import RembusTransport
import RembusWire

/// In which form a peer writes its messages, which is how it gets its own (protocol.md §1.1).
struct PeerForm {
    /// What the peer sent last.
    var encoding = MessageKind.binary
    var dialect = JSONDialect()
    /// How it wrote the id of the message that is being handled.
    var idForm = MessageID.JSONForm.number
}
