import RembusBroker
import RembusTrust
import RembusWire

extension Endpoint {
    /// A member of the JSON object in a request's body. Values are checked with the same entry that the OpenAPI
    /// document is made from.
    struct Member: Sendable {
        enum Form: Sendable {
            /// A component's name.
            case name
            /// A topic or pattern.
            case topic
            /// A text of one line with this many characters.
            case text(ClosedRange<Int>)
            case flag
            case one([String])
            /// A list of one or more of these texts, without repetition.
            case some([String])
        }

        let name: String
        let form: Form
        let isRequired: Bool
        let text: String
    }
}

extension Endpoint {
    /// What is wrong with the topic or the name in a path, by the rules in the OpenAPI document; nil when nothing is.
    static func objection(to parameters: [String: String], _ limits: BrokerLimits) -> String? {
        for (name, text) in parameters {
            let member = Member(name: name, form: name == "cid" ? .name : .topic, isRequired: true, text: "")
            if let objection = member.objection(to: .text(text), limits) { return objection }
        }
        return nil
    }
}

extension Endpoint.Member {
    /// The form as JSON Schema. Lengths in the schema count characters, and those of the broker bytes. They are equal
    /// for ASCII; for other texts the broker allows fewer characters.
    func schema(_ limits: BrokerLimits) -> ValueMap {
        switch form {
        case .name: OpenAPIDocument.nameSchema(limits)
        case .topic: OpenAPIDocument.topicSchema(limits)
        case .text(let length):
            [
                "type": "string", "minLength": .integer(Int64(length.lowerBound)),
                "maxLength": .integer(Int64(length.upperBound)),
            ]
        case .flag: ["type": "boolean"]
        case .one(let words): ["type": "string", "enum": .array(words.map { .text($0) })]
        case .some(let words):
            [
                "type": "array", "minItems": 1, "uniqueItems": true,
                "items": ["type": "string", "enum": .array(words.map { .text($0) })],
            ]
        }
    }

    /// What is wrong with a value; nil when nothing is. null is not the same as a missing value.
    func objection(to value: Value, _ limits: BrokerLimits) -> String? {
        switch form {
        case .name: lengthObjection(value, 1...limits.maxNameBytes) ?? nameObjection(value)
        case .topic:
            lengthObjection(value, 1...limits.maxTopicBytes) ?? segmentObjection(value, limits.maxTopicSegments)
        case .text(let length): lengthObjection(value, length)
        case .flag: value.boolValue == nil ? "`\(name)` must be true or false" : nil
        case .one(let words):
            value.stringValue.map(words.contains) == true
                ? nil : "`\(name)` must be one of: \(words.joined(separator: ", "))"
        case .some(let words):
            isList(of: words, value) ? nil : "`\(name)` must be a list of: \(words.joined(separator: ", "))"
        }
    }

    private func lengthObjection(_ value: Value, _ length: ClosedRange<Int>) -> String? {
        guard let text = value.stringValue else { return "`\(name)` must be a text" }
        guard text.unicodeScalars.count >= length.lowerBound, text.utf8.count <= length.upperBound else {
            return "`\(name)` must have \(length.lowerBound) to \(length.upperBound) bytes"
        }
        return nil
    }

    private func segmentObjection(_ value: Value, _ limit: Int) -> String? {
        let slashes = value.stringValue?.utf8.count { $0 == UInt8(ascii: "/") } ?? 0
        return slashes < limit ? nil : "`\(name)` has more than \(limit) segments"
    }

    private func nameObjection(_ value: Value) -> String? {
        let text = value.stringValue ?? ""
        let isName =
            !text.hasPrefix("/")
            && !text.utf8.split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual("..".utf8) }
            && !text.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
        return isName
            ? nil : "`\(name)` must be a name without control characters, a slash in front and `..` segments"
    }

    private func isList(of words: [String], _ value: Value) -> Bool {
        guard let elements = value.arrayValue, !elements.isEmpty else { return false }
        let texts = elements.compactMap(\.stringValue)
        return texts.count == elements.count && Set(texts).count == texts.count && texts.allSatisfy(words.contains)
    }
}
