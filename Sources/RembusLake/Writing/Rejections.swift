import RembusTables

/// Publications of a batch that gave no row, with the reasons (storage.md §4.9).
final class Rejections {
    struct Rejection {
        /// The row in the batch's `message` rows.
        var message: Int
        /// The table's number in the schema.
        var table: Int
        var reason: RejectReason
    }

    /// So many of a batch go into the table `rejected`; the others are counted, and are in `message` like all.
    static let limit = 10_000
    /// Payloads up to so many bytes are kept with them; larger ones are empty there.
    static let maxBytes = 64 << 10

    /// Those to be kept, in the order they were found.
    private(set) var kept: [Rejection] = []
    /// About how many bytes those take.
    private(set) var byteCount = 0
    /// All, by table and kind.
    private(set) var counts: [Kind: Int] = [:]
    /// The messages that are among them: a batch that is laid out again, after a failure, finds the same.
    private var messages: Set<Int> = []

    struct Kind: Hashable {
        var table: Int
        var code: RejectReason.Code
    }

    var isEmpty: Bool { counts.isEmpty }

    /// - Parameter bytes: The size of its payload.
    func add(message: Int, table: Int, _ reason: RejectReason, bytes: Int) {
        guard messages.insert(message).inserted else { return }
        counts[Kind(table: table, code: reason.code), default: 0] += 1
        guard kept.count < Self.limit else { return }
        kept.append(Rejection(message: message, table: table, reason: reason))
        byteCount += reason.message.utf8.count + 64 + (bytes <= Self.maxBytes ? bytes : 0)
    }

    func removeAll() {
        kept.removeAll()
        messages.removeAll()
        byteCount = 0
        counts.removeAll()
    }
}
