import RembusIdentity

/// Where a component's proof of identity comes from: the configuration, else its key file.
struct CredentialSource: Sendable {
    private let given: Credential?
    /// The key file; nil for an anonymous component.
    let file: ComponentKeyFile?

    init(_ configuration: ComponentConfiguration, name: String?) {
        given = configuration.credential
        file = name.map { ComponentKeyFile(directory: configuration.resolvedDirectory(), name: $0) }
    }

    /// Whether the credential is the one in the file rather than one that the program gave.
    var isFile: Bool { given == nil && file != nil }

    /// Looks for the credential. An unusable file matters only if the broker asks for a proof.
    func find() -> FoundCredential {
        if let given { return FoundCredential(result: .success(given), path: nil) }
        let result = Result { () throws(IdentityError) in try file?.read() }
        return FoundCredential(result: result, path: file?.path)
    }
}

/// What a login has to prove itself with.
struct FoundCredential: Sendable {
    /// nil when there is nothing.
    var result: Result<Credential?, IdentityError>
    /// The file that it is from or should be in; nil when the program gave it.
    var path: String?
}
