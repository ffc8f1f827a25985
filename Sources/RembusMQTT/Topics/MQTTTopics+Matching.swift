extension MQTTTopics {
    /// Whether a filter matches a topic (§4.7.1, §4.7.2). Both must be valid, and the filter must not be a shared one.
    package static func matches(filter: String, topic: String) -> Bool {
        let (filter, topic) = (Array(filter.utf8), Array(topic.utf8))
        if topic.first == UInt8(ascii: "$"), let first = filter.first, first == plus || first == hash { return false }
        var (place, position) = (0, 0)
        while place < filter.count {
            switch filter[place] {
            case hash: return true
            case plus:
                while position < topic.count, topic[position] != slash { position += 1 }
                place += 1
            default:
                guard position < topic.count, topic[position] == filter[place] else {
                    // `a/#` matches `a`.
                    return position == topic.count && filter[place...].elementsEqual([slash, hash])
                }
                place += 1
                position += 1
            }
        }
        return position == topic.count
    }

    private static let plus = UInt8(ascii: "+")
    private static let hash = UInt8(ascii: "#")
    private static let slash = UInt8(ascii: "/")
}
