import RembusWire

/// A set of names or topics that are compared by bytes.
///
/// `Set<String>` regards texts as equal that look the same. Then one spelling of a private topic would keep another
/// spelling, which is a different topic, from becoming private.
package struct NameSet: Sendable, Hashable {
    private var members: Set<ExactText> = []

    package init() {}

    package init(_ names: some Sequence<String>) {
        members = Set(names.map { ExactText($0) })
    }

    package var count: Int { members.count }
    package var isEmpty: Bool { members.isEmpty }

    package func contains(_ name: String) -> Bool { members.contains(ExactText(name)) }

    /// Returns false when the name was in the set already.
    @discardableResult
    package mutating func insert(_ name: String) -> Bool { members.insert(ExactText(name)).inserted }

    /// Returns false when the name was not in the set.
    @discardableResult
    package mutating func remove(_ name: String) -> Bool { members.remove(ExactText(name)) != nil }

    /// The names, sorted by bytes.
    package func sorted() -> [String] { members.sorted().map(\.string) }
}

extension NameSet: Sequence {
    /// Iterates in no particular order.
    package func makeIterator() -> AnyIterator<String> {
        var members = members.makeIterator()
        return AnyIterator { members.next()?.string }
    }

    package var underestimatedCount: Int { members.count }
}

extension NameSet: ExpressibleByArrayLiteral {
    package init(arrayLiteral names: String...) {
        self.init(names)
    }
}

/// In JSON the set is a sorted array.
extension NameSet: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(try [String](from: decoder))
    }

    package func encode(to encoder: any Encoder) throws {
        try sorted().encode(to: encoder)
    }
}
