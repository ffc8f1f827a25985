import Foundation

/// The two forms of keys in files and messages: PEM text, or the DER bytes in it.
///
/// PEM is parsed more tolerantly than by the cryptography library (line lengths, text around the block, a block of
/// curve parameters in front), because other tools write such files.
package enum KeyFormat {
    /// More bytes than any accepted key needs in PEM: a private RSA key with 8192 bits takes 6.5 KB.
    package static let maximumBytes = 16 << 10

    /// Whether the bytes begin as every PEM file does. A broker names the file of a registered key by this (protocol.md
    /// §7.5).
    package static func isPEM(_ bytes: [UInt8]) -> Bool { bytes.starts(with: beginMark.utf8) }

    private static let beginMark = "-----BEGIN"

    /// A block of a PEM text.
    struct Block {
        /// The label in the file's first line, such as `EC PRIVATE KEY`.
        var label: String
        var der: [UInt8]
        /// Whether the content is encrypted in the old form, with headers in the block.
        var hasHeaders: Bool
    }

    /// The first block that `accepts` returns true for; nil when there is none.
    static func block(in text: String, where accepts: (String) -> Bool) -> Block? {
        var label: String?
        var content = ""
        var hasHeaders = false
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmingCharacters(in: .whitespaces)
            if let started = marked(line, "-----BEGIN ") {
                (label, content, hasHeaders) = (started, "", false)
            } else if let ended = marked(line, "-----END ") {
                if ended == label, accepts(ended), hasHeaders || !content.isEmpty {
                    guard let der = Data(base64Encoded: content) ?? (hasHeaders ? Data() : nil) else { return nil }
                    return Block(label: ended, der: Array(der), hasHeaders: hasHeaders)
                }
                label = nil
            } else if line.contains(":") {
                hasHeaders = true
            } else {
                content += line
            }
        }
        return nil
    }

    private static func marked(_ line: String, _ prefix: String) -> String? {
        guard line.hasPrefix(prefix), line.hasSuffix("-----"), line.utf8.count > prefix.utf8.count + 5 else {
            return nil
        }
        return String(line.dropFirst(prefix.count).dropLast(5))
    }

    /// The bytes as PEM text with lines of 64 characters and a newline at the end.
    static func pem(_ der: some DataProtocol, label: String) -> String {
        let text = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN \(label)-----\n\(text)\n-----END \(label)-----\n"
    }
}
