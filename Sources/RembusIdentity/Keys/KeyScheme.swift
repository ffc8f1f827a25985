/// The kind of a component's key pair (protocol.md §7.4).
public enum KeyScheme: String, Sendable, Hashable, CaseIterable, Codable {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    case rsa
    /// ECDSA on the curve P-256 with SHA-256; signatures in ASN.1 DER.
    case ecdsa

    /// The number in a Register message (protocol.md §3.1).
    package var keyType: UInt64 {
        switch self {
        case .rsa: 1
        case .ecdsa: 2
        }
    }

    /// The scheme with this number; nil for a number without one.
    package init?(keyType: UInt64) {
        switch keyType {
        case 1: self = .rsa
        case 2: self = .ecdsa
        default: return nil
        }
    }
}
