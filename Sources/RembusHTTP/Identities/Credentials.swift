import RembusWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The credentials in the `Authorization` header (RFC 7617).
struct Credentials: Equatable {
    let user: String
    /// nil for a name without a secret, which proves nothing.
    let secret: [UInt8]?

    /// nil when the header has another scheme or is malformed. Clients of the reference leave the word `Basic` out.
    init?(_ header: String) {
        var text = Substring(header)
        if let space = text.firstIndex(of: " ") {
            guard text[..<space].lowercased() == "basic" else { return nil }
            text = text[text.index(after: space)...]
        }
        text = text.drop { $0 == " " }
        guard let bytes = Data(base64Encoded: String(text)).map({ Array($0) }) else { return nil }
        let mark = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        guard let user = String(validating: bytes[..<mark], as: UTF8.self), !user.isEmpty else { return nil }
        self.user = user
        let rest = bytes[mark...].dropFirst()
        secret = rest.isEmpty ? nil : Array(rest)
    }
}
