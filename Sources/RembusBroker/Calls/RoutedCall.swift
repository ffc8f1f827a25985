import NIOCore
import RembusWire

/// A request that was forwarded to a provider and waits for the answer.
struct RoutedCall {
    let caller: Session
    /// The id that the caller chose, which the answer has to carry.
    let callerID: MessageID
    /// The topic, for the text of an error.
    let topic: String
    let forwardedAt: NIODeadline
    let limit: CallLimit

    var deadline: NIODeadline { forwardedAt + limit.timeout }
}
