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
