import NIOCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Base64, the text form of bytes in JSON messages.
enum Base64 {
    static func encode(_ bytes: ByteBuffer) -> String {
        Data(bytes.readableBytesView).base64EncodedString()
    }

    /// The bytes of a base64 text; nil when it is malformed. The URL alphabet, missing padding and line breaks are
    /// accepted.
    static func decode(_ text: String) -> ByteBuffer? {
        var standard = text.replacing("-", with: "+").replacing("_", with: "/")
        standard.removeAll { $0.isWhitespace }
        standard += String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
        return Data(base64Encoded: standard).map { ByteBuffer(bytes: $0) }
    }
}
