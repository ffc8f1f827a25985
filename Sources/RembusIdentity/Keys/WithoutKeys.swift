#if !WITH_KEYS
/// The private half of a component's key pair. A program that is built without the trait for keys cannot make one.
public struct PrivateKey: Sendable {
    private let never: Never

    /// Always throws.
    public static func generate(_ scheme: KeyScheme) throws(IdentityError) -> PrivateKey { throw .withoutKeys }

    /// Always throws.
    public init(_ content: some Sequence<UInt8>) throws(IdentityError) { throw .withoutKeys }

    /// Always throws.
    public init(pem: String) throws(IdentityError) { throw .withoutKeys }

    /// The kind of the key.
    public var scheme: KeyScheme { switch never {} }

    /// The size of the key in bits.
    public var bits: Int { switch never {} }

    /// The key as PEM text.
    public var pem: String { switch never {} }

    /// The public half as PEM text.
    public var publicKeyPEM: [UInt8] { switch never {} }
}

extension PrivateKey: CustomStringConvertible {
    /// The kind and size of the key.
    public var description: String { switch never {} }
}

extension IdentityError {
    static let withoutKeys = IdentityError(
        .cryptography,
        "This program is built without keys and secrets; name \"Keys\", or \"Secure\" for TLS too, as the trait of its dependency on rembus."
    )
}
#endif
