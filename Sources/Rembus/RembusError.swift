public import Foundation

/// An error of the SDK: a code that programs can test, and a sentence for people.
public struct RembusError: Error, Sendable, Hashable {
    /// The kind of failure: a status that a peer has sent, or one of the kinds on this side.
    ///
    /// Later versions may add kinds, so compare with `==` instead of switching over all of them.
    public struct Code: Sendable, Hashable {
        private enum Kind: Sendable, Hashable {
            case status(StatusCode)
            case local(String)
        }

        private let kind: Kind

        private init(local name: String) { kind = .local(name) }

        /// The status that a peer answered with (docs/spec/protocol.md §6).
        public static func status(_ status: StatusCode) -> Code { Code(status: status) }

        private init(status: StatusCode) { kind = .status(status) }

        /// The status in the answer of a peer; nil when the failure happened on this side.
        public var status: StatusCode? {
            if case .status(let status) = kind { status } else { nil }
        }

        /// No answer or no acknowledgement came in time.
        public static let timeout = Code(local: "timeout")
        /// The connection was lost, or could not be made, before the operation ended.
        public static let connectionDown = Code(local: "connectionDown")
        /// There is no connection at the moment; the component is trying to get one.
        public static let notConnected = Code(local: "notConnected")
        /// The component is closed: by `close()`, or because the broker has ended it for good.
        public static let closed = Code(local: "closed")
        /// The broker refused the name of the component.
        public static let loginRefused = Code(local: "loginRefused")
        /// Another connection uses the name of the component at the moment.
        public static let nameInUse = Code(local: "nameInUse")
        /// The broker asks for a proof of identity, and the component has no credential.
        public static let authenticationRequired = Code(local: "authenticationRequired")
        /// The broker does not accept the proof of identity.
        public static let authenticationFailed = Code(local: "authenticationFailed")
        /// The file of the component's key cannot be used or written, or already exists and is not replaced.
        public static let keyFile = Code(local: "keyFile")
        /// A URL or a component name is malformed.
        public static let invalidURL = Code(local: "invalidURL")
        /// A setting has an invalid value.
        public static let invalidSetting = Code(local: "invalidSetting")
        /// The operation exists in the protocol, but not in this version or with these options.
        public static let unsupported = Code(local: "unsupported")
        /// The topic is empty or a pattern, so that nothing can be published to it.
        public static let invalidTopic = Code(local: "invalidTopic")
        /// A message is larger than this component or the broker accepts.
        public static let tooLarge = Code(local: "tooLarge")
        /// A value cannot be encoded.
        public static let encoding = Code(local: "encoding")
        /// Received data does not have the type that was asked for.
        public static let decoding = Code(local: "decoding")
    }

    /// The kind of failure.
    public var code: Code

    /// What happened, why and, where possible, what to do.
    public var message: String

    /// Makes an error with a code and a sentence.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The status in the answer of a peer; nil when the failure happened on this side.
    public var status: StatusCode? { code.status }
}

extension RembusError.Code: CustomStringConvertible {
    /// The name of the code.
    public var description: String {
        switch kind {
        case .status(let status): status.description
        case .local(let name): name
        }
    }
}

extension RembusError: CustomStringConvertible {
    /// The sentence. For an answer of a peer it contains the number of the status.
    public var description: String { message }
}

extension RembusError: LocalizedError {
    /// The sentence.
    public var errorDescription: String? { message }
}
