/// Segments with `*` in them (`pump*`), each with the node that it leads to, indexed by the bytes before their first
/// `*`. The cost of a search grows with the lengths of these prefixes, not with their number.
package struct GlobTable: Sendable {
    package struct Entry: Sendable {
        package let text: Substring
        package let node: Int32
    }

    private var byPrefix: [[UInt8]: [Entry]] = [:]
    /// The number of entries by the length of the prefix.
    private var lengths: [Int: Int] = [:]

    package var isEmpty: Bool { byPrefix.isEmpty }

    /// All entries.
    package var entries: some Sequence<Entry> { byPrefix.values.joined() }

    /// The node of just this text.
    subscript(text: Substring) -> Int32? {
        get { byPrefix[Self.prefix(of: text)]?.first { ExactText($0.text) == ExactText(text) }?.node }
        set {
            let prefix = Self.prefix(of: text)
            var entries = byPrefix[prefix] ?? []
            let before = entries.count
            entries.removeAll { ExactText($0.text) == ExactText(text) }
            // Copied, so that one segment does not keep the text of the whole pattern in memory.
            if let newValue { entries.append(Entry(text: Substring(String(text)), node: newValue)) }
            byPrefix[prefix] = entries.isEmpty ? nil : entries
            let count = lengths[prefix.count, default: 0] + entries.count - before
            lengths[prefix.count] = count == 0 ? nil : count
        }
    }

    /// Calls `body` with the node of every entry that matches `segment`.
    package func forEachMatch(of segment: Substring, _ body: (Int32) -> Void) {
        guard !byPrefix.isEmpty else { return }
        let bytes = Array(segment.utf8)
        for length in lengths.keys where length < bytes.count {
            for entry in byPrefix[Array(bytes[..<length])] ?? [] where TopicPattern.glob(entry.text, matches: segment) {
                body(entry.node)
            }
        }
    }

    private static func prefix(of glob: Substring) -> [UInt8] {
        Array(glob.utf8.prefix { $0 != UInt8(ascii: "*") })
    }
}
