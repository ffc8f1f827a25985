import RembusStore

/// Merges the journal's partitions into one stream of records in the order of receive times.
///
/// Used on the writer's thread only. Records that were returned count as taken; the caller keeps a batch that cannot be
/// written.
final class PageMerger {
    private struct Cursor {
        var page: StorePage?
        /// The receive time of the page's first record that was not taken.
        var head: UInt64?
        /// The receive time of the last record taken.
        var after: UInt64
        /// Whether there were no more records when last asked.
        var isDry = false
    }

    /// Five seconds.
    private static let clockTolerance: UInt64 = 5_000_000_000

    private let source: any JournalSource
    private var cursors: [Cursor]
    private let pageBytes: Int

    /// - Parameter progress: For each partition, the receive time of the last record that is archived.
    init(_ source: any JournalSource, progress: [UInt64], pageBytes: Int = 4 << 20) {
        self.source = source
        self.pageBytes = pageBytes
        cursors = (0..<source.partitionCount).map { Cursor(after: $0 < progress.count ? progress[$0] : 0) }
    }

    /// For each partition, the newest receive time that was taken.
    var taken: [UInt64] { cursors.map(\.after) }

    /// Calls `body` with records in the order of receive times, until it returns false (that record is not taken),
    /// until a record is newer than `horizon`, or until there are none. Returns true when there are none up to the
    /// horizon. A record far behind the horizon is from a clock that was set back since, and is not waited for.
    func read(
        horizon: UInt64, _ body: (RecordHeader, UnsafeRawBufferPointer) -> Bool
    ) throws -> Bool {
        for index in cursors.indices { cursors[index].isDry = false }
        while true {
            for index in cursors.indices { try fill(index) }
            guard let first = index(of: cursors.map(\.head)) else { return true }
            var others = cursors.map(\.head)
            others[first] = nil
            // One partition is read until another one has an older record.
            guard let head = cursors[first].head else { return true }
            let bound = head > horizon &+ Self.clockTolerance ? .max : horizon
            let limit = min(bound, others.compactMap { $0 }.min() ?? .max)
            guard head <= limit else { return true }
            guard take(first, through: limit, body) else { return false }
        }
    }

    /// Takes records up to a time. Returns false when `body` did.
    private func take(
        _ index: Int, through limit: UInt64, _ body: (RecordHeader, UnsafeRawBufferPointer) -> Bool
    ) -> Bool {
        var isWanted = true
        var after = cursors[index].after
        var head: UInt64?
        cursors[index].page?.read { header, message in
            guard header.receivedAt <= limit else {
                head = header.receivedAt
                return false
            }
            // A record is never taken twice, wherever a page begins.
            guard header.receivedAt > after else { return true }
            guard body(header, message) else {
                isWanted = false
                head = header.receivedAt
                return false
            }
            after = header.receivedAt
            return true
        }
        cursors[index].after = after
        cursors[index].head = head
        if head == nil { cursors[index].page = nil }
        return isWanted
    }

    private func fill(_ index: Int) throws {
        while cursors[index].head == nil, !cursors[index].isDry {
            guard var page = try source.page(partition: index, after: cursors[index].after, maxBytes: pageBytes) else {
                cursors[index].isDry = true
                return
            }
            var head: UInt64?
            page.read { header, _ in
                head = header.receivedAt
                return false
            }
            // The page contains only what is not recorded, and nothing behind it is committed.
            guard let head else {
                cursors[index].isDry = true
                return
            }
            cursors[index].head = head
            cursors[index].page = page
        }
    }

    private func index(of heads: [UInt64?]) -> Int? {
        var best: (index: Int, time: UInt64)?
        for (index, head) in heads.enumerated() {
            if let head, head < best?.time ?? .max { best = (index, head) }
        }
        return best?.index
    }
}
