import NIOCore
import RembusWire

/// A request that was forwarded to a provider and waits for the answer.
struct RoutedCall {
    let caller: Session
    /// The id that the caller chose; its answer carries it.
    let callerID: MessageID
    /// For the text of an error.
    let topic: String
    let forwardedAt: NIODeadline
    let limit: CallLimit

    var deadline: NIODeadline { forwardedAt + limit.timeout }
}
