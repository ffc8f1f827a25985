package import NIOCore
package import RembusTransport
package import RembusTrust
package import RembusWire

/// A connection of a gateway, as the broker sees it. Used on its event loop only.
///
/// Messages go in as CBOR with ``receive(_:owner:)`` and come out at the sink, as on every other connection. Where the
/// gateway's protocol differs from that of Rembus, there is a method here.
package final class GatewaySession {
    let session: Session

    init(_ session: Session) {
        self.session = session
    }

    package var link: Link { session.link }
    package var eventLoop: any EventLoop { session.lane.eventLoop }
    /// The identity that the rules check.
    package var principal: Principal { session.principal }
    /// The name of the component; nil for one without a name.
    package var name: String? { session.state.name }
    /// The number of unacknowledged deliveries to this component.
    package var inFlightCount: Int { session.state.inFlight.count }
    /// The topics and patterns that the component has subscribed to.
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

    /// Sets the address that log and audit log name for the requests from here on, because a session may carry requests
    /// of many clients. `address` is called only when something is logged.
    package func attribute(to address: @escaping () -> String) { session.gateway.asker = address }

    /// Begins a unit of work that does not start with a read of the gateway: a timer, a callback.
    package func beginWork() { session.lane.beginBurst() }

    /// Ends a unit of work, so that what it has caused is sent. Call it behind every batch of messages and every other
    /// use of the session.
    package func endWork() { link.receiveCompleted() }

    /// Stops a query, because nobody waits for its answer any more.
    package func cancelCall(_ id: MessageID) { session.calls.tables.cancel(id) }

    /// Ends the connection from this side.
    package func close(code: UInt16 = 1000, reason: String = "") {
        link.close(code: code, reason: reason)
        session.lane.endBurst()
    }

    // MARK: Identity

    /// The identity that a connection claims.
    package struct Login: Sendable {
        /// The name of the component, under which its state is kept; nil for a guest, which has no state.
        package var name: String?
        /// The user whose rights the connection has; nil when that is `name`.
        package var user: String?
        /// The user's shared secret, when one was shown.
        package var secret: [UInt8]?
        /// Whether a certificate has proven the user.
        package var isProven = false
        /// Whether an older connection of the same name is ended.
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
        /// The secret is wrong, or the name has no shared secret.
        case wrongSecret
        /// The name has a key, or the broker demands a proof, but there was none.
        case needsProof
        /// The name is in use by another connection.
        case taken
        /// The name cannot be used, for the reason given.
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
    /// `completion` is called on the event loop, as a unit of work of its own, with whether the name had a state
    /// already. Until then messages wait.
    package func logIn(_ login: Login, _ completion: @escaping LoginCompletion) {
        session.logIn(login, completion)
    }

    // MARK: Interests

    /// Carries out a command of the component (protocol.md §8) at once, with all its consequences.
    package func perform(_ command: AdminCommand, topic: String) -> (status: StatusCode, data: Value) {
        session.performForGateway(command, topic: topic)
    }

    /// Subscribes. With `hearsOwn` the component's own publications are delivered to it too.
    package func subscribe(
        _ topic: String, messageFrom: Double = 0, hearsOwn: Bool = false
    ) -> (status: StatusCode, data: Value) {
        let outcome = perform(.subscribe(messageFrom: messageFrom), topic: topic)
        if outcome.status == .ok { session.state.subscriptions[ExactText(topic)]?.hearsOwn = hearsOwn }
        return outcome
    }

    /// Whether the rules allow the component an action on a topic.
    package func may(_ action: TrustAction, _ topic: String) -> Bool { session.may(action, topic) }

    /// Deletes the state of the component: subscriptions and unacknowledged deliveries.
    package func forget() { session.forgetState() }

    /// Calls `answer` when all changes of the component so far are on the disk, unless the connection has ended by
    /// then. This must be part of a unit of work, and so is the call of `answer`.
    package func answerWhenSaved(_ answer: @escaping () -> Void) { session.answerWhenSaved(answer) }

    // MARK: Protocol differences

    /// Whether unacknowledged deliveries are sent again on the same connection.
    package var retransmits: Bool {
        get { session.gateway.retransmits }
        set { session.gateway.retransmits = newValue }
    }

    /// Makes a stop of the broker wait for exchanges that only the gateway knows of, while `count` returns more than 0.
    package func countExchanges(_ count: @escaping () -> Int) { session.gateway.countExchanges = count }

    /// Sets how many deliveries may be unacknowledged; further ones wait in the store.
    package func limitInFlight(to count: Int) {
        session.state.inFlight.limit = min(count, session.limits.maxInFlight)
    }
}

extension GatewaySession {
    /// Sends the broker's first message: in authenticated mode the challenge, which starts the time for its answer. For
    /// gateways whose peers prove names with the messages of protocol.md §7. Call it right after the session was made.
    package func begin() { session.begin() }
}

extension GatewaySession {
    /// Admits a connection that the operator has set up, such as a bridge, without a name and a proof. It has the
    /// rights of an anonymous component, so it cannot use private topics.
    package func admitGuest() {
        if session.gate == .locked { session.gate = .open }
    }
}
