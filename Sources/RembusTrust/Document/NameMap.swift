import RembusWire

/// A map from names to texts. Names are compared by bytes; see ``NameSet``.
package struct NameMap: Sendable, Hashable {
    private var values: [ExactText: String] = [:]

    package init() {}

    package var count: Int { values.count }
    package var isEmpty: Bool { values.isEmpty }

    /// The names, sorted by bytes.
    package var keys: [String] { values.keys.sorted().map(\.string) }

    package subscript(name: String) -> String? {
        get { values[ExactText(name)] }
        set { values[ExactText(name)] = newValue }
    }

    /// Sets a value. Returns the earlier one.
    @discardableResult
    package mutating func removeValue(forKey name: String) -> String? { values.removeValue(forKey: ExactText(name)) }

    /// Names and values, sorted by the bytes of the names.
    package func sorted() -> [(key: String, value: String)] {
        values.sorted { $0.key < $1.key }.map { ($0.key.string, $0.value) }
    }
}

extension NameMap: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { self[name] = value }
    }
}
