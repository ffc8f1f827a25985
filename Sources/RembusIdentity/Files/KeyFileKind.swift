/// What a broker's file of a component holds, by its suffix, in the order in which they are looked up.
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

    /// nil for a shared secret.
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

    /// The endings that make a file a key file.
    static let keySuffixes = allCases.map(\.suffix).filter { !$0.isEmpty }
}
