import RembusWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What the `Authorization` header says (RFC 7617).
struct Credentials: Equatable {
    let user: String
    /// nil for a name alone, which nothing proves.
    let secret: [UInt8]?

    /// nil when the header is of another scheme or cannot be read. Clients of the reference leave the word `Basic` out.
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
