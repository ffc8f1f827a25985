import RembusTables

/// The publications of a batch that gave no row, with the reasons (storage.md §4.9).
final class Rejections {
    struct Rejection {
        /// The row among the batch's `message` rows.
        var message: Int
        /// The table's number in the schema.
        var table: Int
        var reason: RejectReason
    }

    /// The most publications of a batch that are added to the table `rejected`. Further ones are counted; all are in
    /// `message`.
    static let limit = 10_000
    /// The largest payload that is stored with them. Larger ones are empty there.
    static let maxBytes = 64 << 10

    /// Those to be stored, in the order in which they were found.
    private(set) var kept: [Rejection] = []
    /// An estimate of the bytes that they take.
    private(set) var byteCount = 0
    /// All of them, by table and kind.
    private(set) var counts: [Kind: Int] = [:]
    /// The messages among them. When a batch is staged again after a failure, the same ones are found again.
    private var messages: Set<Int> = []

    struct Kind: Hashable {
        var table: Int
        var code: RejectReason.Code
    }

    var isEmpty: Bool { counts.isEmpty }

    /// - Parameter bytes: The size of the payload.
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
