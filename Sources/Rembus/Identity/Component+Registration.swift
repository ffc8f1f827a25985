import Logging
import NIOCore
public import RembusIdentity

extension Component {
    /// Registers a name: makes a key pair, sends the public key to the broker, and stores the private key in
    /// `<directory>/<name>/.secret`, where later connections find it (docs/spec/protocol.md §7.5).
    ///
    /// - Parameters:
    ///   - url: The URL of the broker, with the name to register.
    ///   - pin: The secret of the name's tenant, which the broker's administrator has.
    ///   - scheme: The kind of key pair. Brokers accept both kinds; RSA is for tools that do not know Ed25519.
    ///   - configuration: The same as for connecting. Its `credential` is not used.
    /// - Throws: ``RembusError``: `keyFile` when there is a key already, which is never replaced, or when the key
    ///   cannot be stored; `status(.nameTaken)` when the broker has a key for the name; `status(.error)` with the
    ///   broker's reason, such as a wrong pin; and the errors of `connect`.
    public static func register(
        _ url: String, pin: String, scheme: KeyScheme = .ecdsa,
        configuration: ComponentConfiguration = ComponentConfiguration()
    ) async throws {
        let url = try RembusURL(url, base: configuration.resolvedBase())
        try await register(url, pin: pin, scheme: scheme, configuration: configuration)
    }

    /// Registers a name, like ``register(_:pin:scheme:configuration:)-(String,_,_,_)``.
    public static func register(
        _ url: RembusURL, pin: String, scheme: KeyScheme = .ecdsa,
        configuration: ComponentConfiguration = ComponentConfiguration()
    ) async throws {
        guard let name = url.name else {
            throw RembusError(.invalidURL, "The URL \(url) has no name to register; add it, as in \(url)/pump7.")
        }
        let file = ComponentKeyFile(directory: configuration.resolvedDirectory(), name: name)
        guard !file.exists else {
            throw RembusError(
                .keyFile, "\(name) has a key already, in \(file.path); unregister it first, or move the file away.")
        }
        // The key is made before connecting, because a broker does not keep a connection for long without a login.
        let key = try failing { () throws(IdentityError) in try PrivateKey.generate(scheme) }
        try await send(key, name, pin: pin, url, configuration)
        do throws(IdentityError) {
            try file.write(key)
        } catch {
            await withdraw(key, url, configuration)
            throw RembusError(
                .keyFile, "The key of \(name) cannot be stored, so the name is not registered: \(error.message)")
        }
    }

    private static func send(
        _ key: PrivateKey, _ name: String, pin: String, _ url: RembusURL, _ configuration: ComponentConfiguration
    ) async throws {
        var (anonymous, configuration) = (url, configuration)
        anonymous.name = nil
        configuration.authenticated = false
        configuration.startAnyway = false
        configuration.ignoresChallenges = true
        if url.isReadableByOthers {
            configuration.logger.warning("the pin goes over the network unencrypted, to \(anonymous)")
        }
        let component = try await connect(anonymous, configuration: configuration)
        do {
            try await component.ask(.registration(name)) { id in
                let publicKey = ByteBuffer(bytes: key.publicKeyPEM)
                return .register(
                    .init(id: id, name: name, pin: pin, publicKey: publicKey, keyType: key.scheme.keyType))
            }
        } catch {
            await component.close()
            throw error
        }
        await component.close()
    }

    /// Unregisters a key that could not be stored, so that nobody has it. If that fails too, an administrator has to
    /// remove it.
    private static func withdraw(
        _ key: PrivateKey, _ url: RembusURL, _ configuration: ComponentConfiguration
    ) async {
        var configuration = configuration
        configuration.credential = .privateKey(key)
        guard let component = try? await connect(url, configuration: configuration) else { return }
        try? await component.unregister()
        await component.close()
    }

    /// Unregisters the component's name: the broker deletes its key, and then the private key is removed from
    /// `<directory>/<name>/.secret`, unless the configuration gave another credential (docs/spec/protocol.md §7.5).
    ///
    /// The connection stays. Throws ``RembusError``: `status(.error)` when the component is connected without a proof
    /// of its identity; `keyFile` when the file cannot be removed; and the errors of `call`.
    public func unregister() async throws {
        guard name != nil else {
            throw RembusError(.unsupported, "An anonymous component has no name to unregister. Connect with the name.")
        }
        try await ask(.unregistration) { .unregister($0) }
        guard connection.credentials.isFile, let file = connection.credentials.file else { return }
        try Self.failing { () throws(IdentityError) in try file.remove() }
    }

    /// Sends a message and waits for a successful answer.
    private func ask(_ subject: PendingCall.Subject, _ message: (MessageID) -> Message) async throws {
        let id = connection.ids.next()
        let frame = OutgoingFrame(message(MessageID(littleEndian: id)), encoding: encoding)
        _ = try await ask(subject, id: id, frame: frame, timeout: nil).successData(subject)
    }

    @discardableResult
    private static func failing<R>(_ body: () throws(IdentityError) -> R) throws(RembusError) -> R {
        do throws(IdentityError) {
            return try body()
        } catch {
            throw RembusError(.keyFile, error.message)
        }
    }
}
