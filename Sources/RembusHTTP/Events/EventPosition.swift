import RembusBroker

/// The id of an event: the position of the stream in each partition of the store.
struct EventPosition {
    typealias Start = GatewaySession.Start

    let marks: [UInt64]

    init(marks: [UInt64]) {
        self.marks = marks
    }

    /// nil for an id that is malformed.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count <= 64 else { return nil }
        let marks = parts.compactMap { UInt64($0, radix: 36) }
        guard marks.count == parts.count else { return nil }
        self.marks = marks
    }

    var text: String { marks.map { String($0, radix: 36) }.joined(separator: "-") }
}
