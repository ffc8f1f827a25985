/// Suggests the name that a misspelt one was meant to be.
package enum Spelling {
    /// The known name that is most similar to `name`; nil when none is similar.
    package static func nearest(to name: String, in known: some Sequence<String>) -> String? {
        let folded = Array(name.lowercased().unicodeScalars.prefix(maximumLength + 1))
        guard folded.count <= maximumLength else { return nil }
        var best: (name: String, distance: Int)?
        for candidate in known {
            let scalars = Array(candidate.lowercased().unicodeScalars)
            let limit = max(1, min(scalars.count, folded.count) / 3)
            let distance = distance(folded, scalars)
            // Names without a common letter are not similar, however short they are.
            guard distance <= limit, distance < max(scalars.count, folded.count) || distance == 0 else { continue }
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.name
    }

    /// `; did you mean "port"?`, or an empty text when no known name is similar.
    package static func question(_ name: String, in known: some Sequence<String>) -> String {
        nearest(to: name, in: known).map { "; did you mean \"\($0)\"?" } ?? ""
    }

    private static let maximumLength = 64

    /// The number of letters that have to be inserted, removed, replaced or swapped with their neighbour.
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var rows = [Array(0...right.count)]
        for row in 1...left.count {
            var next = [row]
            for column in 1...right.count {
                let isEqual = left[row - 1] == right[column - 1]
                var cost = min(
                    rows[row - 1][column] + 1, next[column - 1] + 1, rows[row - 1][column - 1] + (isEqual ? 0 : 1))
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    cost = min(cost, rows[row - 2][column - 2] + 1)
                }
                next.append(cost)
            }
            rows.append(next)
        }
        return rows[left.count][right.count]
    }
}
