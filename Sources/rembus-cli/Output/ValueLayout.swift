import DataFrames
import Rembus
import RembusWire

/// Formats values for people: on one line if they fit, otherwise with a line for each element, coloured if wanted.
struct ValueLayout {
    var isColored = false
    /// The columns of a line.
    var width = 80

    /// The value as text. Its first line begins behind `indent` blanks.
    func text(_ value: Value, indent: Int = 0) -> String {
        if value.isFrame, let table = table(value, indent: indent) { return table }
        return text(value, indent: indent, used: indent)
    }

    /// - Parameters:
    ///   - indent: The blanks before the closing bracket of the value, which are two fewer than before its elements.
    ///   - used: The columns in use on the line where the value begins: the blanks and a key.
    private func text(_ value: Value, indent: Int, used: Int) -> String {
        let flat = flat(value)
        guard used + flat.count > width else { return isColored ? colored(value) : flat }
        switch value {
        case .array(let elements) where !elements.isEmpty:
            return lines("[", "]", elements.map { text($0, indent: indent + 2, used: indent + 3) }, indent)
        case .map(let map) where !map.isEmpty:
            return lines(
                "{", "}",
                map.map { pair in
                    let key = Self.key(pair.key)
                    // Behind a long key, the elements of the value are not aligned with it, but indented by two
                    // columns.
                    return paint(key, .key) + ": "
                        + text(pair.value, indent: indent + 2, used: indent + key.count + 5)
                }, indent)
        case .tagged(_, let content) where !hasOwnForm(value, content): return text(content, indent: indent, used: used)
        default: return isColored ? colored(value) : flat
        }
    }

    /// A dataframe as a table; nil when it is malformed.
    private func table(_ value: Value, indent: Int) -> String? {
        let room = width == .max ? nil : max(width - indent, 20)
        let text = value.dataFrame?.formatted(maxRows: FrameFormat.tableRows, maxColumns: 64, width: room)
        let margin = String(repeating: " ", count: indent)
        return text?.split(separator: "\n", omittingEmptySubsequences: false).map { Self.visible(String($0)) }
            .joined(separator: "\n" + margin)
    }

    private func lines(_ open: String, _ close: String, _ elements: [String], _ indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        return open + "\n" + elements.map { margin + "  " + $0 }.joined(separator: ",\n") + "\n" + margin + close
    }

    // MARK: One line

    private func flat(_ value: Value) -> String {
        ValueLayout(isColored: false).colored(value)
    }

    private func colored(_ value: Value) -> String {
        switch value {
        case .array(let elements): "[" + elements.map(colored).joined(separator: ", ") + "]"
        case .map(let map):
            "{" + map.map { paint(Self.key($0.key), .key) + ": " + colored($0.value) }.joined(separator: ", ") + "}"
        case .tagged(_, let content):
            hasOwnForm(value, content) ? paint(Self.visible(value.jsonLine), .number) : colored(content)
        case .text, .bytes: paint(Self.visible(value.jsonText), .text)
        case .integer, .unsigned, .negative, .bigInteger, .float: paint(value.jsonText, .number)
        case .null, .undefined, .simple, .bool: paint(value.jsonText, .word)
        }
    }

    /// Whether the JSON form of a tagged value differs from that of its content, as for dataframes.
    private func hasOwnForm(_ value: Value, _ content: Value) -> Bool {
        value.isFrame || value.jsonText != content.jsonText
    }

    private static func key(_ key: Value) -> String {
        visible(key.stringValue == nil ? Value.text(key.jsonText).jsonText : key.jsonText)
    }

    /// Escapes control characters that JSON allows but that have an effect in terminals.
    static func visible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            guard isControl(scalar) else { return result.unicodeScalars.append(scalar) }
            let digits = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }

    // MARK: Colours

    enum Color: String {
        case key = "34"
        case text = "32"
        case number = "33"
        case word = "35"
        case topic = "1;36"
        case faint = "2"
    }

    func paint(_ text: String, _ color: Color) -> String {
        isColored && !text.isEmpty ? "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m" : text
    }
}
