public import NIOCore

extension Message {
    /// A component states its name (docs/spec/protocol.md §7.2).
    public struct Identity: Sendable, Hashable {
        /// The id that the answer repeats.
        public var id: MessageID
        /// The component name, which the protocol calls cid.
        public var name: String
        /// The protocols and ports on which the sender listens; empty for a plain component.
        public var meta: [String: UInt64]

        /// Makes an identity.
        public init(id: MessageID, name: String, meta: [String: UInt64] = [:]) {
            self.id = id
            self.name = name
            self.meta = meta
        }
    }

    /// A publication (docs/spec/protocol.md §3).
    public struct Publish: Sendable, Hashable {
        /// The id; present exactly when ``flags`` are not zero.
        public var id: MessageID?
        /// The quality of service, and whether the id holds a slot.
        public var flags: PublishFlags
        /// The topic.
        public var topic: String
        /// The payload.
        public var arguments: [Value]

        /// Makes a publication. An id without flags is not sent. Flags without an id get a random one when they are
        /// sent.
        public init(
            id: MessageID? = nil, flags: PublishFlags = PublishFlags(qos: .atMostOnce), topic: String,
            arguments: [Value] = []
        ) {
            self.id = id
            self.flags = flags
            self.topic = topic
            self.arguments = arguments
        }
    }

    /// A call of a method (docs/spec/protocol.md §3).
    public struct Request: Sendable, Hashable {
        /// The id that the answer repeats.
        public var id: MessageID
        /// The name of the method.
        public var topic: String
        /// The component that must execute the call; nil for any component that exposes it. JSON messages cannot carry
        /// it.
        public var target: String?
        /// The arguments.
        public var arguments: [Value]
        /// How long the caller waits for the answer, in milliseconds; nil when it sets no limit. Peers that do not know
        /// this optional element ignore it.
        public var timeout: UInt64?

        /// Makes a request.
        public init(
            id: MessageID, topic: String, target: String? = nil, arguments: [Value] = [], timeout: UInt64? = nil
        ) {
            self.id = id
            self.topic = topic
            self.target = target
            self.arguments = arguments
            self.timeout = timeout
        }
    }

    /// An admin command (docs/spec/protocol.md §8).
    public struct Admin: Sendable, Hashable {
        /// The id that the answer repeats.
        public var id: MessageID
        /// The topic that the command is about, or `__config__`.
        public var topic: String
        /// The data on the wire, see ``AdminCommand``.
        public var data: Value

        /// Makes an admin message.
        public init(id: MessageID, topic: String, data: Value) {
            self.id = id
            self.topic = topic
            self.data = data
        }
    }

    /// An answer (docs/spec/protocol.md §6).
    public struct Response: Sendable, Hashable {
        /// The id of the message that is answered.
        public var id: MessageID
        /// The outcome.
        public var status: StatusCode
        /// The result, the challenge, or the text of an error.
        public var data: Value

        /// Makes a response.
        public init(id: MessageID, status: StatusCode, data: Value = .null) {
            self.id = id
            self.status = status
            self.data = data
        }
    }

    /// The registration of a public key (docs/spec/protocol.md §7.5).
    public struct Register: Sendable, Hashable {
        /// The id that the answer repeats.
        public var id: MessageID
        /// The component name that the key is for.
        public var name: String
        /// The secret of the tenant.
        public var pin: String
        /// The key, as PEM or DER.
        public var publicKey: ByteBuffer
        /// 1 = RSA, 2 = ECDSA.
        public var keyType: UInt64

        /// Makes a registration.
        public init(id: MessageID, name: String, pin: String, publicKey: ByteBuffer, keyType: UInt64) {
            self.id = id
            self.name = name
            self.pin = pin
            self.publicKey = publicKey
            self.keyType = keyType
        }
    }

    /// The answer to a challenge (docs/spec/protocol.md §7.4).
    public struct Attestation: Sendable, Hashable {
        /// The id that the answer repeats.
        public var id: MessageID
        /// The component name.
        public var name: String
        /// The signature, or the hash when a shared secret is used.
        public var signature: ByteBuffer
        /// The protocols and ports on which the sender listens.
        public var meta: [String: UInt64]

        /// Makes an attestation.
        public init(id: MessageID, name: String, signature: ByteBuffer, meta: [String: UInt64] = [:]) {
            self.id = id
            self.name = name
            self.signature = signature
            self.meta = meta
        }
    }
}
