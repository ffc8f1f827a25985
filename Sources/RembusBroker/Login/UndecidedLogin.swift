import NIOCore
import RembusTransport

/// What waits while something about a login is decided elsewhere.
struct UndecidedLogin {
    /// Messages that came meanwhile.
    var messages: [(bytes: ByteBuffer, kind: MessageKind)] = []
    /// Whom a gateway's login is to be answered.
    var completion: GatewaySession.LoginCompletion?
}
