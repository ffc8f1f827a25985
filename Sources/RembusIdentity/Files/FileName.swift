#if WITH_KEYS
import Crypto
#endif
import Foundation

/// File names for the names of components, which may contain characters that a file name must not (known-defects.md
/// S5).
///
/// Ordinary names stay as they are, so that the files of the reference are found. Characters that could lead out of the
/// folder, hide the file or make it look like another name's file are percent-encoded. A name that would be too long
/// for a file system ends with its hash.
package enum FileName {
    /// File systems allow 255 bytes, of which suffixes such as `.ecdsa.pem` need some.
    private static let maximumBytes = 220
    private static let hashMark = "%_"

    /// The file name for a component's name. Different names have different file names, none of them empty, `.` or `..`.
    package static func encoded(_ name: String) -> String {
        let bytes = Array(name.utf8)
        guard !bytes.isEmpty else { return "%" }
        var text = ""
        let plainDot = keySuffix(of: name).map { bytes.count - $0.utf8.count }
        for (index, byte) in bytes.enumerated() {
            // A leading dot would hide the file, and an inner one could make it another name's key file.
            if needsEncoding(byte) || (byte == UInt8(ascii: ".") && (index == 0 || index == plainDot)) {
                text += "%" + hexadecimal(byte)
            } else {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        // Bytes from 0x80 were kept one by one. Together they are the characters of the name again.
        let encoded = String(decoding: text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }, as: UTF8.self)
        return encoded.utf8.count <= maximumBytes ? encoded : shortened(encoded, of: bytes)
    }

    /// The name that a file belongs to; nil when the text is not an encoded name, or contains only the name's hash.
    package static func decoded(_ fileName: String) -> String? {
        guard fileName != "%" else { return "" }
        var bytes: [UInt8] = []
        var rest = Array(fileName.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let digits = String(validating: rest.prefix(2), as: UTF8.self),
                let value = UInt8(digits, radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let name = String(validating: bytes, as: UTF8.self), encoded(name) == fileName else { return nil }
        return name
    }

    private static func needsEncoding(_ byte: UInt8) -> Bool {
        switch byte {
        case ..<0x20, 0x7F: true
        case UInt8(ascii: "/"), UInt8(ascii: "%"): true
        default: false
        }
    }

    private static func keySuffix(of name: String) -> String? {
        KeyFileKind.keySuffixes.first { name.hasSuffix($0) && name.utf8.count > $0.utf8.count }
    }

    private static func shortened(_ encoded: String, of name: [UInt8]) -> String {
        #if WITH_KEYS
        let hash = SHA256.hash(data: name).map(hexadecimal).joined()
        #else
        // A program without keys stores and reads nothing under the name.
        let hash = ""
        #endif
        var start = encoded.utf8.prefix(maximumBytes - hash.utf8.count - hashMark.utf8.count)
        // The cut must not be inside of a character or an encoded byte.
        while String(start) == nil { start = start.dropLast() }
        var text = String(start) ?? ""
        while let mark = text.utf8.suffix(2).firstIndex(of: UInt8(ascii: "%")) { text = String(text[..<mark]) }
        return text + hashMark + hash
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.utf8.count < 2 ? "0" + digits : digits
    }
}
