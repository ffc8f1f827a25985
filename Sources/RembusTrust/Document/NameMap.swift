import RembusWire

/// Texts by name, where names are equal only when their bytes are; see ``NameSet``.
package struct NameMap: Sendable, Hashable {
    private var values: [ExactText: String] = [:]

    package init() {}

    package var count: Int { values.count }
    package var isEmpty: Bool { values.isEmpty }

    /// The names, by their bytes.
    package var keys: [String] { values.keys.sorted().map(\.string) }

    package subscript(name: String) -> String? {
        get { values[ExactText(name)] }
        set { values[ExactText(name)] = newValue }
    }

    /// The value that was there.
    @discardableResult
    package mutating func removeValue(forKey name: String) -> String? { values.removeValue(forKey: ExactText(name)) }

    /// Names and values, by the names' bytes.
    package func sorted() -> [(key: String, value: String)] {
        values.sorted { $0.key < $1.key }.map { ($0.key.string, $0.value) }
    }
}

extension NameMap: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { self[name] = value }
    }
}
