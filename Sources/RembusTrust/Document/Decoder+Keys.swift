extension Decoder {
    /// Throws when an object has other keys. Otherwise a misspelt key would silently remove a protection.
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
    /// Converts an error about the value of a key into one with the place in the document.
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
