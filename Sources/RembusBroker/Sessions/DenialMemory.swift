import NIOCore

/// What was refused to a connection and is written down already, so that a flood fills neither log nor audit log.
struct DenialMemory {
    private static let maxMarks = 64
    private static let period = TimeAmount.seconds(60)

    private var marks: Set<String> = []
    private var start = NIODeadline.uptimeNanoseconds(0)

    /// Notes a refusal; whether it is one to be written down.
    ///
    /// - Parameters:
    ///   - parts: What tells it from others: who asks, about whom, the topic.
    ///   - isShared: Whether the connection carries the messages of many. It lives long then, and what one of them has tried
    ///     must hide no other for ever.
    mutating func isNew(_ parts: [String?], isShared: Bool, now: NIODeadline) -> Bool {
        if marks.count >= Self.maxMarks {
            guard isShared, now - start >= Self.period else { return false }
            marks = []
        }
        if marks.isEmpty { start = now }
        return marks.insert(parts.map { $0?.debugDescription ?? "" }.joined(separator: " ")).inserted
    }
}
