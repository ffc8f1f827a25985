#if WITH_KEYS
import Crypto
import CryptoExtras
import Foundation

/// A tenant's pin as a broker stores it: salted, and slow to guess (scrypt, known-defects.md S15).
///
/// Pins are short, so a fast hash would reveal them. One comparison takes some ten milliseconds and 16 MiB, so it must
/// not be done on an event loop.
package struct PinHash: Sendable, Hashable {
    /// The cost: 2^`logarithm` rounds on blocks of 128 · `blockSize` bytes.
    private struct Cost: Sendable, Hashable {
        var logarithm: Int
        var blockSize: Int
        var parallelism: Int

        static let standard = Cost(logarithm: 14, blockSize: 8, parallelism: 1)

        /// A file that somebody has edited must not make the broker compute for minutes or use gigabytes.
        var isAcceptable: Bool {
            (10...17).contains(logarithm) && (1...16).contains(blockSize) && (1...4).contains(parallelism)
        }
    }

    private let cost: Cost
    private let salt: [UInt8]
    private let hash: [UInt8]

    private static let saltBytes = 16
    private static let hashBytes = 32

    /// Hashes a pin with a new salt.
    package static func make(_ pin: String) -> PinHash {
        let salt = RandomBytes.make(saltBytes)
        return PinHash(cost: .standard, salt: salt, hash: derive(pin, salt, .standard))
    }

    private init(cost: Cost, salt: [UInt8], hash: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    /// Reads the form of ``text``; nil for anything else, including a plain pin.
    package init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt",
            let cost = Self.cost(parts[2]), cost.isAcceptable,
            let salt = Self.bytes(parts[3]), (8...64).contains(salt.count),
            let hash = Self.bytes(parts[4]), hash.count == Self.hashBytes
        else { return nil }
        self.init(cost: cost, salt: salt, hash: hash)
    }

    /// The stored form: `$scrypt$ln=14,r=8,p=1$<salt>$<hash>`, both in base64 without padding.
    package var text: String {
        let numbers = "ln=\(cost.logarithm),r=\(cost.blockSize),p=\(cost.parallelism)"
        return "$scrypt$\(numbers)$\(Self.base64(salt))$\(Self.base64(hash))"
    }

    /// Whether this is the pin. Blocks for some ten milliseconds.
    package func matches(_ pin: String) -> Bool {
        let derived = Self.derive(pin, salt, cost)
        return derived.count == Self.hashBytes && ConstantTime.equal(derived, hash)
    }

    /// The hash; empty when there is not enough memory, so that no pin matches.
    private static func derive(_ pin: String, _ salt: [UInt8], _ cost: Cost) -> [UInt8] {
        // The pin is hashed first, so that it may be empty or of any length.
        let password = Array(SHA256.hash(data: Data(pin.utf8)))
        let key = try? KDF.Scrypt.deriveKey(
            from: password, salt: salt, outputByteCount: hashBytes, rounds: 1 << cost.logarithm,
            blockSize: cost.blockSize, parallelism: cost.parallelism)
        return key?.withUnsafeBytes { Array($0) } ?? []
    }

    // MARK: Text

    private static func cost(_ text: Substring) -> Cost? {
        let numbers = text.split(separator: ",", omittingEmptySubsequences: false)
        guard numbers.count == 3, let logarithm = number(numbers[0], "ln="), let blockSize = number(numbers[1], "r="),
            let parallelism = number(numbers[2], "p=")
        else { return nil }
        return Cost(logarithm: logarithm, blockSize: blockSize, parallelism: parallelism)
    }

    private static func number(_ text: Substring, _ name: String) -> Int? {
        text.hasPrefix(name) ? Int(text.dropFirst(name.count)) : nil
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("=", with: "")
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        guard text.utf8.count <= 128 else { return nil }
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(base64Encoded: text + padding).map { Array($0) }
    }
}

extension PinHash: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Does not show the hash.
    package var description: String { "pin hash" }

    /// Does not show the hash.
    package var debugDescription: String { description }

    /// A mirror without children.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
#endif
