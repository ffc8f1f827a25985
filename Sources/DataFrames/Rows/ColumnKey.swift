/// A key that is the name of a column, of a field, or the position of an element.
struct ColumnKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) { (self.stringValue, intValue) = (stringValue, nil) }
    init(intValue: Int) { (stringValue, self.intValue) = (String(intValue), intValue) }
}

/// `position.x` or `samples[2]`: where something is within a row.
func describe(_ path: [any CodingKey]) -> String {
    var text = ""
    for key in path {
        if let position = key.intValue {
            text += "[\(position)]"
        } else {
            text += (text.isEmpty ? "" : ".") + key.stringValue
        }
    }
    return text
}
