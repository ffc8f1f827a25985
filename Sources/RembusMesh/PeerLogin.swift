import NIOCore
import RembusIdentity
import RembusWire

/// How a broker logs in at another one, as a component that accepts connections itself (docs/spec/protocol.md §7, §9.1).
///
/// A value without a socket, a clock or a thread: each event gives one action.
struct PeerLogin {
    enum Action {
        case none
        case send(Message)
        /// The other broker has let this one in.
        case enter(Welcome)
        case fail(PeerFailure)
    }

    /// What the other broker has answered.
    struct Welcome {
        /// Topics that can be called, topics that are wanted.
        let exports: Value
        /// The number of a broker of ours; nil for one of another implementation.
        let number: UInt64?
    }

    private enum Step: Equatable {
        case identifying(MessageID)
        case proving(MessageID)
        case ended
    }

    let name: String
    let meta: [String: UInt64]
    /// This broker's number.
    let own: UInt64
    /// The name of the entry with the number of a broker of ours.
    let numberKey: String
    private let credential: Result<Credential?, IdentityError>
    private var step = Step.ended
    private var proofs = 0

    /// A broker may ask for a proof when the connection is made and again when it has a name. One that goes on collects
    /// signatures.
    private static let maxProofs = 2
    private static let maxChallengeBytes = 4096

    init(
        name: String, meta: [String: UInt64], own: UInt64, numberKey: String,
        credential: Result<Credential?, IdentityError>
    ) {
        (self.name, self.meta, self.own, self.numberKey) = (name, meta, own, numberKey)
        self.credential = credential
    }

    /// The connection is made.
    mutating func begin() -> Action {
        let id = MessageID.random()
        step = .identifying(id)
        return .send(.identity(.init(id: id, name: name, meta: meta)))
    }

    /// The other broker answers, or asks for a proof.
    mutating func receive(_ response: Message.Response) -> Action {
        switch (step, response.status) {
        case (.ended, _): return .none
        case (_, .challenge) where response.id == .connection: return prove(response.data, replyingTo: .connection)
        case (.identifying(let id), .challenge) where response.id == id:
            return prove(response.data, replyingTo: .random())
        case (.identifying(let id), _) where response.id == id: return finish(response)
        case (.proving(let id), _) where response.id == id: return finish(response)
        default: return .none
        }
    }

    private mutating func prove(_ challenge: Value, replyingTo id: MessageID) -> Action {
        proofs += 1
        guard let bytes = challenge.bytesValue, (1...Self.maxChallengeBytes).contains(bytes.readableBytes),
            proofs <= Self.maxProofs
        else { return fail(.refused("it asks for a proof of identity in a way that makes no sense")) }
        do throws(IdentityError) {
            guard let found = try credential.get() else { return fail(.needsKey) }
            let signature = try found.signature(challenge: Array(bytes.readableBytesView), name: name)
            step = .proving(id)
            return .send(
                .attestation(.init(id: id, name: name, signature: ByteBuffer(bytes: signature), meta: meta)))
        } catch {
            return fail(.refused(error.message))
        }
    }

    private mutating func finish(_ response: Message.Response) -> Action {
        guard response.status == .ok else {
            return fail(.refused(response.data.stringValue ?? "status \(response.status.rawValue)"))
        }
        let lists = response.data.arrayValue ?? []
        let number = lists.count > 2 ? lists[2].mapValue?[numberKey]?.uintValue : nil
        guard number != own else { return fail(.ownAddress) }
        step = .ended
        return .enter(Welcome(exports: response.data, number: number))
    }

    private mutating func fail(_ failure: PeerFailure) -> Action {
        step = .ended
        return .fail(failure)
    }
}

/// Why there is no link, for people: clauses without a full stop.
enum PeerFailure: Error, Equatable, CustomStringConvertible {
    /// The network or TLS: in its words.
    case unreachable(String)
    case noAnswer
    /// In the words of the other broker.
    case refused(String)
    /// The other broker wants a proof, and there is no key.
    case needsKey
    /// It is this very broker.
    case ownAddress
    /// This broker does not take the name of the link.
    case unusable(String)
    case lost(String)

    var description: String {
        switch self {
        case .unreachable(let text): text
        case .noAnswer: "it does not answer; is there a broker of Rembus?"
        case .refused(let text): "it refuses the link: \(text)"
        case .needsKey: "it wants a proof of identity, and there is no key for the name; see `rembus register`"
        case .ownAddress: "that is this broker itself"
        case .unusable(let text): "the name of the link cannot be used here: \(text)"
        case .lost(let text): text
        }
    }
}
