extension Decoder {
    /// Refuses an object with other keys: a misspelt one would silently leave out what it was to protect.
    func refuseKeys(except known: [String]) throws {
        let unknown = try container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).filter { !known.contains($0) }
        if let key = unknown.sorted().first {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: codingPath,
                    debugDescription: "has the unknown key \"\(key)\"; there are \(known.joined(separator: ", "))"))
        }
    }
}

extension KeyedDecodingContainer {
    /// What is wrong with the value of a key, as an error that knows where in the document that is.
    func check(_ key: Key, _ body: () throws(TrustError) -> Void) throws {
        do {
            try body()
        } catch {
            throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: "is wrong: \(error)")
        }
    }
}

/// Any text as the key of an object.
private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) {
        nil
    }
}
