extension RembusError {
    /// The error for a value that does not decode as `type`.
    static func decoding(_ error: any Error, _ what: String, as type: any Any.Type) -> RembusError {
        let reason = plainText(error)
        return RembusError(
            .decoding,
            "\(what) is no `\(type)`: \(reason). Ask for another type, or for `Value`, which takes everything.")
    }

    /// The error for a payload that cannot be read as any value.
    static func malformed(_ error: any Error, _ what: String) -> RembusError {
        RembusError(.decoding, "\(what) is malformed: \(plainText(error)). Look for a faulty peer.")
    }

    static func encoding(_ error: any Error) -> RembusError {
        RembusError(
            .encoding,
            "An argument cannot be sent: \(plainText(error)). Change its type, or make it a `Value` yourself.")
    }
}

/// The text of any error as a clause without a full stop: for errors of Swift's coders the essential part, for those of
/// this project their sentence.
func plainText(_ error: any Error) -> String {
    let text: String
    switch error {
    case let error as RembusError: text = error.message
    case let error as DecodingError: text = error.clause
    case let error as EncodingError: text = error.clause
    default: text = "\(error)"
    }
    return text.hasSuffix(".") ? String(text.dropLast()) : text
}

extension DecodingError {
    fileprivate var clause: String {
        switch self {
        case .keyNotFound(let key, let context): "the key `\(context.path(to: key))` is missing"
        case .valueNotFound(_, let context), .typeMismatch(_, let context), .dataCorrupted(let context): context.clause
        @unknown default: "it has another shape"
        }
    }
}

extension EncodingError {
    fileprivate var clause: String {
        switch self {
        case .invalidValue(_, let context):
            context.clause
        @unknown default: "it has no form in a message"
        }
    }
}

extension DecodingError.Context {
    fileprivate func path(to key: any CodingKey) -> String { pathText(codingPath + [key]) }

    fileprivate var clause: String { placed(debugDescription, codingPath) }
}

extension EncodingError.Context {
    fileprivate var clause: String { placed(debugDescription, codingPath) }
}

private func placed(_ text: String, _ path: [any CodingKey]) -> String {
    let small = text.prefix(1).lowercased() + text.dropFirst()
    return path.isEmpty ? small : "`\(pathText(path))`: \(small)"
}

/// The path in the form `rows[3].temperature`.
private func pathText(_ path: [any CodingKey]) -> String {
    path.reduce(into: "") { text, key in
        if let index = key.intValue {
            text += "[\(index)]"
        } else {
            text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
        }
    }
}
