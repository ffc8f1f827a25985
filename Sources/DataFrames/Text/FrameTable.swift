/// Lays a frame out as a table of text, in the way of Polars.
struct FrameTable {
    /// How much is shown at most.
    let limits: TableLimits

    /// The whole text, without a line break at its end.
    func text(of frame: DataFrame) -> String {
        let shape = "shape: (\(Self.grouped(frame.rowCount)), \(Self.grouped(frame.columnCount)))"
        var shown = max(1, min(limits.columns, frame.columnCount))
        while true {
            let columns = columns(of: frame, shown)
            if let widths = widths(columns) { return shape + "\n" + draw(columns, widths) }
            // Not even narrow columns fit beside each other: fewer of them.
            if shown == 1 { return shape + "\n" + draw(columns, columns.map { $0.map(\.width).max() ?? 0 }) }
            shown -= 1
        }
    }

    private static func grouped(_ number: Int) -> String {
        var digits = String(number)
        var index = digits.endIndex
        while digits.distance(from: digits.startIndex, to: index) > 3 {
            index = digits.index(index, offsetBy: -3)
            digits.insert("_", at: index)
        }
        return digits
    }

    // MARK: Contents

    /// One cell of the table: its lines as they are before they are wrapped.
    private struct Entry {
        var lines: [String]

        var width: Int { lines.map(displayWidth).max() ?? 0 }
    }

    /// The columns that are shown: of each the header and the values.
    private func columns(of frame: DataFrame, _ shown: Int) -> [[Entry]] {
        let rows = rows(frame.rowCount)
        let columns = frame.columns.map { column in { self.entries(column, rows) } }
        guard columns.count > shown else { return columns.map { $0() } }
        let front = (shown + 1) / 2
        let gap = [Entry(lines: ["…", " ", " "])] + rows.map { _ in Entry(lines: ["…"]) }
        return columns.prefix(front).map { $0() } + [gap] + columns.suffix(shown - front).map { $0() }
    }

    /// The rows that are shown; nil stands for those between.
    private func rows(_ count: Int) -> [Int?] {
        guard count > limits.rows else { return Array(0..<count) }
        let back = limits.rows / 2
        return Array(0..<limits.rows - back) + [nil] + Array(count - back..<count)
    }

    private func entries(_ column: Column, _ rows: [Int?]) -> [Entry] {
        let name = Self.clipped(visible(column.name), limits.textLength)
        let header = Entry(lines: [name, "---", column.field.tableName])
        return [header]
            + rows.map { row in
                guard let row else { return Entry(lines: ["…"]) }
                return Entry(lines: [Self.clipped(visible(column.cell(row).tableText), limits.textLength)])
            }
    }

    private static func clipped(_ text: String, _ length: Int) -> String {
        let start = text.prefix(length)
        return start.endIndex == text.endIndex ? text : start + "…"
    }

    // MARK: Widths

    /// The width of each column so that the table fits; nil if it cannot.
    private func widths(_ columns: [[Entry]]) -> [Int]? {
        let wanted = columns.map { $0.map(\.width).max() ?? 0 }
        guard let width = limits.width else { return wanted }
        // Of each column a border and two blanks, and the border at the end.
        var room = width - 3 * columns.count - 1
        guard wanted.reduce(0, +) > room else { return wanted }
        var widths = [Int?](repeating: nil, count: columns.count)
        // Columns narrower than the average keep their width; the others share the remaining width.
        while true {
            let open = widths.indices.filter { widths[$0] == nil }
            guard !open.isEmpty else { break }
            let average = room / open.count
            let narrow = open.filter { wanted[$0] <= average }
            if narrow.isEmpty {
                guard average >= limits.minimumWidth else { return nil }
                for (number, index) in open.enumerated() {
                    widths[index] = average + (number < room - average * open.count ? 1 : 0)
                }
                break
            }
            for index in narrow {
                widths[index] = wanted[index]
                room -= wanted[index]
            }
        }
        return widths.map { $0 ?? 0 }
    }

    // MARK: Drawing

    private func draw(_ columns: [[Entry]], _ widths: [Int]) -> String {
        func rule(_ left: String, _ fill: String, _ middle: String, _ right: String) -> String {
            left + widths.map { String(repeating: fill, count: $0 + 2) }.joined(separator: middle) + right
        }
        var lines = [rule("┌", "─", "┬", "┐")]
        for row in 0..<(columns.first?.count ?? 0) {
            let cells = zip(columns, widths).map { column, width in
                column[row].lines.flatMap { Self.wrapped($0, width) }
            }
            for line in 0..<(cells.map(\.count).max() ?? 0) {
                let parts = zip(cells, widths).map { cell, width in
                    let text = line < cell.count ? cell[line] : ""
                    return " " + text + String(repeating: " ", count: max(0, width - displayWidth(text))) + " "
                }
                lines.append("│" + parts.joined(separator: "┆") + "│")
            }
            if row == 0 { lines.append(rule("╞", "═", "╪", "╡")) }
        }
        if columns.isEmpty { lines.append("╞╡") }
        return (lines + [rule("└", "─", "┴", "┘")]).joined(separator: "\n")
    }

    /// A text in lines of at most `width`, broken at blanks where there are any.
    private static func wrapped(_ text: String, _ width: Int) -> [String] {
        guard displayWidth(text) > width else { return [text] }
        var (lines, line) = ([String](), "")
        func room() -> Int { width - displayWidth(line) }
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            let joined = line.isEmpty ? String(word) : line + " " + word
            if displayWidth(joined) <= width {
                line = joined
                continue
            }
            if !line.isEmpty {
                lines.append(line)
                line = ""
            }
            for character in word {
                if room() < displayWidth(String(character)), !line.isEmpty {
                    lines.append(line)
                    line = ""
                }
                line.append(character)
            }
        }
        return line.isEmpty && !lines.isEmpty ? lines : lines + [line]
    }
}

/// How much of a frame is shown.
struct TableLimits {
    /// More rows than this are cut in the middle.
    var rows = 10
    /// More columns than this are cut in the middle.
    var columns = 8
    /// Columns of the terminal that a line may take; nil for any number.
    var width: Int?
    /// Longer texts are cut.
    var textLength = 30
    /// A column is not made narrower than this; rather it is left out.
    let minimumWidth = 8
}
