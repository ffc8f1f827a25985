import Foundation
import RembusIdentity

/// `trust.json`: a ``TrustDocument`` as JSON, readable for its owner only.
struct TrustFile: Sendable {
    /// More than the largest document of usual names needs.
    static let maximumBytes = 64 << 20

    let path: String

    /// The document; nil when there is no file.
    func read() throws(TrustError) -> TrustDocument? {
        let bytes: [UInt8]?
        do {
            bytes = try SecretFile.readIfPresent(path, limit: Self.maximumBytes)
        } catch {
            throw TrustError(error.message)
        }
        guard let bytes else { return nil }
        do {
            return try JSONDecoder().decode(TrustDocument.self, from: Data(bytes))
        } catch {
            throw TrustError("\(path) cannot be used: \(Self.problem(error)); correct it, or restore a copy of it")
        }
    }

    func write(_ document: TrustDocument) throws(TrustError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes: [UInt8]
        do {
            bytes = Array(try encoder.encode(document)) + [UInt8(ascii: "\n")]
        } catch {
            throw TrustError("cannot write \(path): \(error)")
        }
        guard bytes.count <= Self.maximumBytes else {
            throw TrustError("\(path) would have \(bytes.count) bytes; \(Self.maximumBytes) are possible")
        }
        do {
            try SecretFile.write(bytes, to: path, exclusively: false)
        } catch {
            throw TrustError(error.message)
        }
    }

    /// What is wrong and where, without the file's content, which is not for logs.
    static func problem(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            "\(place(context)) lacks the key \"\(key.stringValue)\""
        case DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(let type, let context):
            "\(place(context)) is no \(name(of: type))"
        case DecodingError.dataCorrupted(let context)
        where context.codingPath.isEmpty && context.underlyingError != nil:
            "it is no valid JSON"
        case DecodingError.dataCorrupted(let context): "\(place(context)) \(context.debugDescription)"
        default: "it is no valid JSON"
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        guard !context.codingPath.isEmpty else { return "the file" }
        return context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
            .trimmingPrefix(".").description
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "text"
        case is Int.Type: "number"
        case is [Any].Type: "list"
        default: "object"
        }
    }
}
