/// One Rembus message (docs/spec/protocol.md §3).
public enum Message: Sendable, Hashable {
    /// A component states its name.
    case identity(Identity)
    /// A publication.
    case publish(Publish)
    /// A call of a method.
    case request(Request)
    /// An admin command; see ``AdminCommand`` for its typed form.
    case admin(Admin)
    /// The answer to a message that asks for one.
    case response(Response)
    /// Acknowledges a publication at QoS 1 or 2.
    case ack(MessageID)
    /// Confirms an acknowledgement at QoS 2.
    case ack2(MessageID)
    /// Removes the stored key of the sender's name.
    case unregister(MessageID)
    /// Stores a public key for a name.
    case register(Register)
    /// The answer to a challenge.
    case attestation(Attestation)
    /// Keeps a ZeroMQ connection alive. The text is the name of the sender.
    case ping(MessageID, String)
    /// The sender of a ZeroMQ connection goes offline.
    case close

    /// The id; nil for publications without one and for ``close``.
    public var id: MessageID? {
        switch self {
        case .identity(let part): part.id
        case .publish(let part): part.id
        case .request(let part): part.id
        case .admin(let part): part.id
        case .response(let part): part.id
        case .register(let part): part.id
        case .attestation(let part): part.id
        case .ack(let id), .ack2(let id), .unregister(let id), .ping(let id, _): id
        case .close: nil
        }
    }

    /// The type numbers of protocol.md §3.
    package enum Kind: UInt8, Sendable {
        case identity = 0
        case publish = 1
        case request = 2
        case admin = 3
        case response = 4
        case ack = 5
        case ack2 = 6
        case unregister = 9
        case register = 10
        case attestation = 11
        case ping = 12
        case close = 15
    }
}
