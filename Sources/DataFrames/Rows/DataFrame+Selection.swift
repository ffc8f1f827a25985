extension DataFrame {
    /// The first rows, without a copy.
    public func head(_ count: Int = 5) -> DataFrame { prefix(count) }

    /// The last rows, without a copy.
    public func tail(_ count: Int = 5) -> DataFrame { suffix(count) }

    /// The rows of this frame and behind them those of another one with the same columns, without a copy.
    public func concatenated(with other: DataFrame) throws(DataFrameError) -> DataFrame {
        try DataFrame(concatenating: [self, other])
    }

    /// The rows for which `isIncluded` is true.
    ///
    /// ```swift
    /// let hot = try frame.filter { row in try row["temperature", as: Double.self] ?? 0 > 30 }
    /// ```
    public func filter<Failure: Error>(
        _ isIncluded: (Row) throws(Failure) -> Bool
    ) throws(Failure) -> DataFrame {
        var chosen: [Int] = []
        for row in rows where try isIncluded(row) { chosen.append(row.number) }
        return taking(ascending: chosen)
    }

    /// The rows for which the mask is true. It must have a value for each row.
    public func filter(_ mask: some Collection<Bool>) -> DataFrame {
        precondition(mask.count == rowCount, "A mask must have a value for each row.")
        return taking(ascending: mask.enumerated().lazy.filter(\.element).map(\.offset))
    }

    /// The rows with these numbers, in this order; a row can occur more than once. All of them must exist.
    public func taking(_ rows: some Collection<Int>) -> DataFrame {
        let rows = Array(rows)
        precondition(rows.allSatisfy { $0 >= 0 && $0 < rowCount }, "Rows that are taken must exist.")
        return DataFrame(
            unchecked: columns.map { $0.taking(rows) }, rowCount: rows.count, metadata: metadata)
    }

    /// Takes rows in their order: a slice where they are neighbours.
    private func taking(ascending rows: some Sequence<Int>) -> DataFrame {
        let rows = Array(rows)
        guard let first = rows.first, let last = rows.last else { return slice(0..<0) }
        return last - first + 1 == rows.count ? slice(first..<last + 1) : taking(rows)
    }
}

extension Column {
    /// The rows with these numbers.
    func taking(_ rows: [Int]) -> Column {
        // The chunks together need larger offsets than their type has: then the result can be short enough all the
        // same.
        guard let array = try? combined() else { return Column(field, chunks: takingOneByOne(rows)) }
        return Column(field, chunks: [array.taking(rows)])
    }

    private func takingOneByOne(_ rows: [Int]) -> [ArrayData] {
        rows.map { row in
            let (chunk, row) = locate(row)
            return chunk.slice(row..<row + 1)
        }
    }
}

extension ArrayData {
    /// A copy of the rows with these numbers, in this order.
    func taking(_ rows: [Int]) -> ArrayData {
        let positions = rows.map { $0 + offset }
        var validity = validity.map { bits($0, positions) }
        if let bitmap = validity, Bitmap.setBits(in: bitmap, from: 0, count: rows.count) == rows.count {
            validity = nil
        }
        var (buffers, children) = ([ArrowBuffer](), [ArrayData]())
        switch layout {
        case .null: break
        case .bits: buffers = [bits(values, positions)]
        case .fixed(let width): buffers = [fixed(width, positions)]
        case .dictionary(let index): buffers = [fixed(index.width, positions)]
        case .view: buffers = [fixed(16, positions)] + self.buffers.dropFirst()
        case .variable(let width): buffers = variable(width, rows)
        case .list(let width):
            let (offsets, elements) = lists(width, rows)
            (buffers, children) = ([offsets], [self.children[0].taking(elements)])
        case .fixedList(let count):
            children = [self.children[0].taking(positions.flatMap { $0 * count..<($0 + 1) * count })]
        case .structure: children = self.children.map { $0.taking(positions) }
        }
        return ArrayData(
            type, length: rows.count, validity: validity, buffers: buffers, children: children, dictionary: dictionary)
    }

    private func bits(_ buffer: ArrowBuffer, _ positions: [Int]) -> ArrowBuffer {
        var bits = BitmapBuilder()
        for position in positions { bits.append(buffer.bit(position)) }
        return bits.finish()
    }

    private func fixed(_ width: Int, _ positions: [Int]) -> ArrowBuffer {
        var target = BufferBuilder(capacity: positions.count * width)
        for position in positions {
            target.append(UnsafeRawBufferPointer(start: values.base + position * width, count: width))
        }
        return target.finish()
    }

    /// Texts and bytes. Rows that are taken more than once can need larger offsets than the type has: then the rest is
    /// cut to nothing, which only happens beyond 2 GiB in one column.
    private func variable(_ width: Int, _ rows: [Int]) -> [ArrowBuffer] {
        var offsets = BufferBuilder(capacity: (rows.count + 1) * width)
        var bytes = BufferBuilder()
        func end() { width == 4 ? offsets.append(Int32(clamping: bytes.count)) : offsets.append(Int64(bytes.count)) }
        end()
        for row in rows {
            withBytes(row) { source in
                if width == 8 || bytes.count + source.count <= Int(Int32.max) { bytes.append(source) }
            }
            end()
        }
        return [offsets.finish(), bytes.finish()]
    }

    private func lists(_ width: Int, _ rows: [Int]) -> (ArrowBuffer, [Int]) {
        var offsets = BufferBuilder(capacity: (rows.count + 1) * width)
        var elements: [Int] = []
        func end() {
            width == 4 ? offsets.append(Int32(clamping: elements.count)) : offsets.append(Int64(elements.count))
        }
        end()
        for row in rows {
            let range = isNull(row) ? 0..<0 : elementRange(row)
            if width == 8 || elements.count + range.count <= Int(Int32.max) { elements.append(contentsOf: range) }
            end()
        }
        return (offsets.finish(), elements)
    }
}
