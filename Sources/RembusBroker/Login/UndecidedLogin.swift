import NIOCore
import RembusTransport

/// What waits while a decision about a login is pending.
struct UndecidedLogin {
    /// Messages that came meanwhile.
    var messages: [(bytes: ByteBuffer, kind: MessageKind)] = []
    /// The completion of a gateway's login.
    var completion: GatewaySession.LoginCompletion?
}
