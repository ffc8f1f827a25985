package import NIOCore
package import RembusTransport
package import RembusTrust
package import RembusWire

/// A connection of a gateway, as the broker sees it. Only on its event loop.
///
/// Messages go in as CBOR with ``receive(_:owner:)`` and come out at the sink, as on every other connection; what a
/// gateway's protocol does in another way than Rembus has a method here.
package final class GatewaySession {
    let session: Session

    init(_ session: Session) {
        self.session = session
    }

    package var link: Link { session.link }
    package var eventLoop: any EventLoop { session.lane.eventLoop }
    /// Who the rules see.
    package var principal: Principal { session.principal }
    /// Under which the component is known; nil for one without a name.
    package var name: String? { session.state.name }
    /// Unacknowledged deliveries to this component.
    package var inFlightCount: Int { session.state.inFlight.count }
    /// Topics and patterns that the component has subscribed.
    package var subscriptions: [String] { session.state.subscriptions.values.map(\.topic) }

    // MARK: Messages

    /// Hands over one whole CBOR message.
    @inline(__always)
    package func receive(_ message: UnsafeRawBufferPointer, owner: ByteBuffer? = nil) {
        link.receive(message, owner: owner)
    }

    /// Encodes and hands over a message.
    package func receive(_ message: Message) {
        var buffer = ByteBuffer()
        message.encodeCBOR(into: &buffer)
        buffer.withUnsafeReadableBytes { link.receive($0) }
    }

    /// Says whom the messages from here on are from, for log and audit: a session may carry the requests of many.
    /// `address` is asked only when there is something to write down.
    package func attribute(to address: @escaping () -> String) { session.gateway.asker = address }

    /// Begins a unit of work that is no read of the gateway's own: a timer, a callback.
    package func beginWork() { session.lane.beginBurst() }

    /// Ends a unit of work: what it caused leaves. Behind every batch of messages and every other use of the session.
    package func endWork() { link.receiveCompleted() }

    /// Nobody waits for the answer of a request any more: a query is stopped.
    package func cancelCall(_ id: MessageID) { session.calls.tables.cancel(id) }

    /// Ends the connection from this side.
    package func close(code: UInt16 = 1000, reason: String = "") {
        link.close(code: code, reason: reason)
        session.lane.endBurst()
    }

    // MARK: Identity

    /// Who a connection says it is.
    package struct Login: Sendable {
        /// The name under which the component is known, and its state kept; nil for a guest, of whom nothing is kept.
        package var name: String?
        /// Whose rights it has; nil when that is `name`.
        package var user: String?
        /// The user's shared secret, when one was shown.
        package var secret: [UInt8]?
        /// A certificate has proven the user.
        package var isProven = false
        /// Whether an older connection of the name gives way.
        package var takesOver = false

        package init(
            name: String?, user: String? = nil, secret: [UInt8]? = nil, isProven: Bool = false, takesOver: Bool = false
        ) {
            self.name = name
            self.user = user
            self.secret = secret
            self.isProven = isProven
            self.takesOver = takesOver
        }
    }

    /// Why a login failed.
    package enum LoginFailure: Error, Sendable, Equatable {
        /// The secret is wrong, or the name has no secret that could be right.
        case wrongSecret
        /// The name has a key, or the broker wants a proof, and none was given.
        case needsProof
        /// The name is connected.
        case taken
        /// The name cannot be used: why.
        case unusable(String)

        /// The failure in words, for log and audit.
        package var reason: String {
            switch self {
            case .wrongSecret: "the secret is wrong, or the name has none"
            case .needsProof: "the name has a key, or the broker wants a proof, and none was shown"
            case .taken: "a component of this name is connected"
            case .unusable(let text): text
            }
        }
    }

    package typealias LoginCompletion = @Sendable (Result<Bool, LoginFailure>) -> Void

    /// Binds the connection to a name, or makes it a guest of a user.
    ///
    /// `completion` gets whether there was a state of the name already, and runs on the event loop as a unit of work of
    /// its own; meanwhile messages wait.
    package func logIn(_ login: Login, _ completion: @escaping LoginCompletion) {
        session.logIn(login, completion)
    }

    // MARK: Interests

    /// Carries out a command of the component (protocol.md §8) at once, with all that follows from it.
    package func perform(_ command: AdminCommand, topic: String) -> (status: StatusCode, data: Value) {
        session.performForGateway(command, topic: topic)
    }

    /// Subscribes; `hearsOwn` also brings what the component publishes itself.
    package func subscribe(
        _ topic: String, messageFrom: Double = 0, hearsOwn: Bool = false
    ) -> (status: StatusCode, data: Value) {
        let outcome = perform(.subscribe(messageFrom: messageFrom), topic: topic)
        if outcome.status == .ok { session.state.subscriptions[ExactText(topic)]?.hearsOwn = hearsOwn }
        return outcome
    }

    /// Whether the rules let the component do something.
    package func may(_ action: TrustAction, _ topic: String) -> Bool { session.may(action, topic) }

    /// Forgets everything that is kept of the component: subscriptions and unacknowledged deliveries.
    package func forget() { session.forgetState() }

    /// Calls `answer`, unless the connection has ended by then, when everything that was changed about the component so far is
    /// on the disk. Part of a unit of work; `answer` is part of one too.
    package func answerWhenSaved(_ answer: @escaping () -> Void) { session.answerWhenSaved(answer) }

    // MARK: Protocol differences

    /// Whether unacknowledged deliveries are sent again on the same connection.
    package var retransmits: Bool {
        get { session.gateway.retransmits }
        set { session.gateway.retransmits = newValue }
    }

    /// Has a stop of the broker wait for exchanges that only the gateway knows of, as long as `count` says that there are any.
    package func countExchanges(_ count: @escaping () -> Int) { session.gateway.countExchanges = count }

    /// How many deliveries may be unacknowledged; what comes on top waits in the store.
    package func limitInFlight(to count: Int) {
        session.state.inFlight.limit = min(count, session.limits.maxInFlight)
    }
}
