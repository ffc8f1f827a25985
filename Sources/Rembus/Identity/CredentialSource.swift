import RembusIdentity

/// Finds a component's credential: the one of the configuration or, without one, that of its key file.
struct CredentialSource: Sendable {
    private let given: Credential?
    /// The key file; nil for an anonymous component.
    let file: ComponentKeyFile?

    init(_ configuration: ComponentConfiguration, name: String?) {
        given = configuration.credential
        file = name.map { ComponentKeyFile(directory: configuration.resolvedDirectory(), name: $0) }
    }

    /// Whether the credential is the one in the file, rather than one of the program.
    var isFile: Bool { given == nil && file != nil }

    /// Reads the credential. A file that cannot be used matters only if the broker asks for a proof.
    func find() -> FoundCredential {
        if let given { return FoundCredential(result: .success(given), path: nil) }
        let result = Result { () throws(IdentityError) in try file?.read() }
        return FoundCredential(result: result, path: file?.path)
    }
}

/// The credential for a login, if there is one.
struct FoundCredential: Sendable {
    /// The credential; nil when there is none.
    var result: Result<Credential?, IdentityError>
    /// The file that it was read from or should be in; nil when it is the program's.
    var path: String?
}
