#if WITH_KEYS
import Crypto
#endif
import Foundation

/// The names of files that belong to components: a name may hold anything, a file name may not (known-defects.md S5).
///
/// Ordinary names stay as they are, so that the files of the reference are found. What could lead out of the folder, hide
/// the file or be taken for another name's file is percent-encoded. A name that would become too long for a file system
/// ends in its hash.
package enum FileName {
    /// File systems allow 255 bytes; suffixes such as `.ecdsa.pem` need some of them.
    private static let maximumBytes = 220
    private static let hashMark = "%_"

    /// The file name for a component's name. Different names have different file names, none of them empty, `.` or `..`.
    package static func encoded(_ name: String) -> String {
        let bytes = Array(name.utf8)
        guard !bytes.isEmpty else { return "%" }
        var text = ""
        let plainDot = keySuffix(of: name).map { bytes.count - $0.utf8.count }
        for (index, byte) in bytes.enumerated() {
            // A leading dot hides the file, and an inner one could make it another name's key file.
            if needsEncoding(byte) || (byte == UInt8(ascii: ".") && (index == 0 || index == plainDot)) {
                text += "%" + hexadecimal(byte)
            } else {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        // Bytes of 0x80 and above were kept one by one; joined they are the characters of the name again.
        let encoded = String(decoding: text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }, as: UTF8.self)
        return encoded.utf8.count <= maximumBytes ? encoded : shortened(encoded, of: bytes)
    }

    /// The name whose file this is; nil when the text is no encoded name, or one that only its hash remains of.
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
        // Nothing is stored or read under the name then.
        let hash = ""
        #endif
        var start = encoded.utf8.prefix(maximumBytes - hash.utf8.count - hashMark.utf8.count)
        // Not in the middle of a character, nor of an encoded byte.
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
