/// The outcome in a response (docs/spec/protocol.md §6). Unknown codes are kept and count as errors.
public struct StatusCode: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt64

    /// Makes a status from its number.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Success.
    public static let ok: StatusCode = 0
    /// A failure without a more precise code.
    public static let error: StatusCode = 10
    /// Not an outcome: the data is a challenge to be signed (docs/spec/protocol.md §7.4).
    public static let challenge: StatusCode = 11
    /// Identification failed. Defined, but no implementation sends it.
    public static let identificationError: StatusCode = 20
    /// The handler has thrown an error; the data is its text.
    public static let methodException: StatusCode = 40
    /// The arguments do not fit the handler.
    public static let methodArgsError: StatusCode = 41
    /// No component exposes the method.
    public static let methodNotFound: StatusCode = 42
    /// Components expose the method, but none of them can be used now.
    public static let methodUnavailable: StatusCode = 43
    /// The only exposer of the method is the requester.
    public static let methodLoopback: StatusCode = 44
    /// The target of a direct call is unknown.
    public static let targetNotFound: StatusCode = 45
    /// The target of a direct call is known but offline.
    public static let targetDown: StatusCode = 46
    /// The admin command is unknown.
    public static let unknownAdminCommand: StatusCode = 47
    /// The name to be registered already has a key.
    public static let nameTaken: StatusCode = 60
    /// No answer came in time. Never sent, only used locally.
    public static let timeout: StatusCode = 70
}

extension StatusCode: ExpressibleByIntegerLiteral {
    /// Makes a status from its number.
    public init(integerLiteral value: UInt64) { self.init(rawValue: value) }
}

extension StatusCode: CustomStringConvertible {
    private static let names: [StatusCode: String] = [
        .ok: "ok", .error: "error", .challenge: "challenge", .identificationError: "identification error",
        .methodException: "method exception", .methodArgsError: "method arguments error",
        .methodNotFound: "method not found", .methodUnavailable: "method unavailable",
        .methodLoopback: "method loopback", .targetNotFound: "target not found", .targetDown: "target down",
        .unknownAdminCommand: "unknown admin command", .nameTaken: "name already taken", .timeout: "timeout",
    ]

    /// The name in docs/spec/protocol.md §6, or `status N` for a code without one.
    public var description: String { Self.names[self] ?? "status \(rawValue)" }
}
