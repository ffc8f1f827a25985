/// The kind of a broker's file for a component, by its suffix, in the order in which files are looked for.
package enum KeyFileKind: Sendable, Hashable, CaseIterable {
    case rsaPEM
    case ecdsaPEM
    case rsaDER
    case ecdsaDER
    case sharedSecret

    var suffix: String {
        switch self {
        case .rsaPEM: ".rsa.pem"
        case .ecdsaPEM: ".ecdsa.pem"
        case .rsaDER: ".rsa.der"
        case .ecdsaDER: ".ecdsa.der"
        case .sharedSecret: ""
        }
    }

    /// The scheme of the key; nil for a shared secret.
    var scheme: KeyScheme? {
        switch self {
        case .rsaPEM, .rsaDER: .rsa
        case .ecdsaPEM, .ecdsaDER: .ecdsa
        case .sharedSecret: nil
        }
    }

    init(_ scheme: KeyScheme, isPEM: Bool) {
        self =
            switch scheme {
            case .rsa: isPEM ? .rsaPEM : .rsaDER
            case .ecdsa: isPEM ? .ecdsaPEM : .ecdsaDER
            }
    }

    /// The suffixes of files with keys.
    static let keySuffixes = allCases.map(\.suffix).filter { !$0.isEmpty }
}
