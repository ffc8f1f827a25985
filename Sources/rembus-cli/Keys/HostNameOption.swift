import ArgumentParser
import Foundation
import SwiftASN1
import X509

/// A name of a server: a DNS name, which may begin with `*.`, or an IP address.
struct HostNameOption: Hashable, ExpressibleByArgument {
    /// The name in lower case, or the address as the system writes it.
    let text: String
    /// The 4 or 16 bytes of an address; empty for a DNS name.
    private let address: [UInt8]

    /// Names that every server certificate has, for tools on the broker's own machine.
    static let thisMachine = ["localhost", "127.0.0.1", "::1"].compactMap(HostNameOption.init(argument:))

    /// The name of this machine, if others can use it.
    static var own: HostNameOption? {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return nil }
        return HostNameOption(argument: string(buffer))
    }

    init?(argument: String) {
        var word = argument.lowercased()
        if word.hasPrefix("["), word.hasSuffix("]") { word = String(word.dropFirst().dropLast()) }
        if let address = Self.address(word) {
            self.init(address: address)
        } else if Self.isName(word) {
            self.init(text: word, address: [])
        } else {
            return nil
        }
    }

    /// Reads a name of a certificate; nil when it is neither a DNS name nor an address.
    init?(_ name: GeneralName) {
        switch name {
        case .dnsName(let text): self.init(argument: text)
        case .ipAddress(let bytes): self.init(address: Array(bytes.bytes))
        default: return nil
        }
    }

    private init?(address: [UInt8]) {
        var buffer = [CChar](repeating: 0, count: 64)
        guard address.count == 4 || address.count == 16,
            inet_ntop(
                address.count == 4 ? AF_INET : AF_INET6, address, &buffer, socklen_t(buffer.count)) != nil
        else { return nil }
        self.init(text: Self.string(buffer), address: address)
    }

    private init(text: String, address: [UInt8]) {
        (self.text, self.address) = (text, address)
    }

    /// The text before the terminating zero.
    private static func string(_ buffer: [CChar]) -> String {
        String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The name in the form of certificates.
    var generalName: GeneralName {
        address.isEmpty ? .dnsName(text) : .ipAddress(ASN1OctetString(contentBytes: address[...]))
    }

    private static func address(_ word: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, word, &four) == 1 { return withUnsafeBytes(of: &four) { Array($0) } }
        var six = in6_addr()
        return inet_pton(AF_INET6, word, &six) == 1 ? withUnsafeBytes(of: &six) { Array($0) } : nil
    }

    private static func isName(_ word: String) -> Bool {
        let name = word.hasPrefix("*.") ? word.dropFirst(2) : word[...]
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        // A text of digits and points would be a malformed address.
        guard word.utf8.count <= 253, name.contains(where: { !$0.isNumber && $0 != "." }) else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { byte in
                    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F
                }
        }
    }
}
