import NIOCore

/// Refusals of a connection that were logged already, so that a flood of them fills neither the log nor the audit log.
struct DenialMemory {
    private static let maxMarks = 64
    private static let period = TimeAmount.seconds(60)

    private var marks: Set<String> = []
    private var start = NIODeadline.uptimeNanoseconds(0)

    /// Records a refusal. Returns whether it is to be logged.
    ///
    /// - Parameters:
    ///   - parts: What identifies the refusal: who asks, about which component, and the topic.
    ///   - isShared: Whether the connection carries the messages of many clients. Such a connection lives long, so
    ///     refusals are forgotten after a while: one client's must not hide those of others for ever.
    mutating func isNew(_ parts: [String?], isShared: Bool, now: NIODeadline) -> Bool {
        if marks.count >= Self.maxMarks {
            guard isShared, now - start >= Self.period else { return false }
            marks = []
        }
        if marks.isEmpty { start = now }
        return marks.insert(parts.map { $0?.debugDescription ?? "" }.joined(separator: " ")).inserted
    }
}
