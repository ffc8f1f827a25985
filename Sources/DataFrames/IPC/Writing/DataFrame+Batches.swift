extension DataFrame {
    /// The rows in pieces in which no column has more than one chunk. A frame without rows has none, or an empty one if
    /// there are dictionaries: their values are worth keeping, as they are all that an enumeration can be.
    var batches: [(length: Int, arrays: [ArrayData])] {
        if rowCount == 0 {
            guard columns.contains(where: { $0.chunks.first?.hasDictionary == true }) else { return [] }
            return [(0, columns.map { $0.chunks.first ?? ArrayBuilder($0.type).finish() })]
        }
        var ends = Set(columns.flatMap { column in column.starts.dropFirst() })
        ends.insert(rowCount)
        var (batches, start) = ([(length: Int, arrays: [ArrayData])](), 0)
        for end in ends.sorted() {
            let arrays = columns.map { column in
                let (chunk, row) = column.locate(start)
                return chunk.slice(row..<row + end - start)
            }
            batches.append((end - start, arrays))
            start = end
        }
        return batches
    }
}

extension ArrayData {
    /// Whether the array, or an array nested in it, is dictionary-encoded.
    fileprivate var hasDictionary: Bool { dictionary != nil || children.contains { $0.hasDictionary } }
}
