import Foundation
import RembusIdentity
import RembusWire

/// `trust.json`: a ``TrustDocument`` as JSON, with access for its owner only.
struct TrustFile: Sendable {
    /// More than the largest document with usual names needs.
    static let maximumBytes = 60 << 20

    let path: String

    /// The copy of the last valid file, with which a file is recognised that has lost its rules.
    var copy: TrustFile { TrustFile(path: "\(path).bak") }

    /// The document; nil when there is no file.
    ///
    /// - Parameter known: The last valid document. If the file leaves out a list of restrictions that was not empty in
    ///   it, the file is refused: private topics would become public, and read-only components writers, although nobody
    ///   has decided that.
    func read(knowing known: TrustDocument? = nil) throws(TrustError) -> TrustDocument? {
        let bytes: [UInt8]?
        do {
            bytes = try SecretFile.readIfPresent(path, limit: Self.maximumBytes)
        } catch {
            throw TrustError(error.message)
        }
        guard let bytes else { return nil }
        do {
            // Foundation accepts commas at the end of lists, which other readers of the file do not.
            let text = try JSONText(bytes)
            do {
                let document = try JSONDecoder().decode(TrustDocument.self, from: Data(bytes))
                if let known { try Self.refuseLoss(of: known, in: document, bytes) }
                return document
            } catch let error as TrustError {
                throw error
            } catch {
                throw TrustError(Self.located(error, in: text))
            }
        } catch {
            let problem = "\(error)"
            throw TrustError(
                "\(path) cannot be used: \(problem); correct it, or restore a copy of it, for example \(copy.path)")
        }
    }

    private static func refuseLoss(of known: TrustDocument, in document: TrustDocument, _ bytes: [UInt8]) throws {
        let lists = [
            ("private_topics", known.privateTopics.count, document.privateTopics.isEmpty, "topics were private"),
            ("read_only", known.readOnly.count, document.readOnly.isEmpty, "components were read-only"),
        ]
        for (key, count, isEmpty, what) in lists where count > 0 && isEmpty {
            let mentioned = try JSONDecoder().decode(MentionedKeys.self, from: Data(bytes)).keys
            guard !mentioned.contains(key) else { continue }
            throw TrustError(
                "it says nothing of \"\(key)\", but \(count) \(what) until now; if that is to end, write \"\(key)\": [] into it"
            )
        }
    }

    /// The error with its line.
    private static func located(_ error: any Error, in text: JSONText) -> String {
        guard let error = error as? DecodingError, let context = error.context else { return problem(error) }
        let steps = context.codingPath.map { key in key.intValue.map(JSONText.Step.element) ?? .key(key.stringValue) }
        guard !steps.isEmpty, let place = text.position(of: steps) else { return problem(error) }
        return "line \(place.line): \(problem(error))"
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

    /// The error with its place, without contents of the file, which must not be logged.
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

/// The keys of an object, without their values.
private struct MentionedKeys: Decodable {
    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    let keys: Set<String>

    init(from decoder: any Decoder) throws {
        keys = Set(try decoder.container(keyedBy: Key.self).allKeys.map(\.stringValue))
    }
}

extension DecodingError {
    /// The place of the error in the document.
    fileprivate var context: Context? {
        switch self {
        case .keyNotFound(_, let context), .typeMismatch(_, let context), .valueNotFound(_, let context),
            .dataCorrupted(let context):
            context
        @unknown default: nil
        }
    }
}
