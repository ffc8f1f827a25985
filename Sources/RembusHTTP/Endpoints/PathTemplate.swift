/// The path of an endpoint: `/subscribe/{topic}/{cid}`.
struct PathTemplate: Sendable {
    enum Part: Sendable, Equatable {
        case word(String)
        case parameter(String)
        /// One segment or more: a topic with unescaped slashes.
        case topic
    }

    let text: String
    let parts: [Part]

    /// `{topic}` stands for several segments, unless it is the whole path.
    init(_ text: String) {
        self.text = text
        let pieces = text.split(separator: "/")
        parts = pieces.map { piece in
            guard piece.hasPrefix("{") else { return .word(String(piece)) }
            let name = String(piece.dropFirst().dropLast())
            return (name == "topic" || name == "pattern") && pieces.count > 1 ? .topic : .parameter(name)
        }
    }

    /// The first segment, if it is a fixed word; nil for the path of a topic.
    var word: String? {
        if case .word(let word)? = parts.first { word } else { nil }
    }

    var parameterNames: [String] {
        text.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    }

    /// The parameters in a path; nil when the path does not match.
    func match(_ segments: [String]) -> [String: String]? {
        let spread = segments.count - parts.count
        guard spread == 0 || (spread > 0 && parts.contains(.topic)) else { return nil }
        var values: [String: String] = [:]
        var index = 0
        for part in parts {
            switch part {
            case .word(let word):
                guard segments[index] == word else { return nil }
                index += 1
            case .parameter(let name):
                guard !segments[index].isEmpty else { return nil }
                values[name] = segments[index]
                index += 1
            case .topic:
                let topic = segments[index...(index + spread)].joined(separator: "/")
                guard !topic.isEmpty else { return nil }
                values["topic"] = topic
                index += spread + 1
            }
        }
        return values
    }
}
