import RembusStore

/// The way of one reader through the partitions of the store, in the order in which publications were received: which
/// partition is read next and how far, what has to be fetched, when the reader rests, and when it has caught up.
///
/// A value without a store, a clock, a socket or a thread: ``next()`` gives one action after the other, and the events say what
/// became of it.
struct CatchUpMachine {
    enum Action: Equatable {
        /// Find out when the next record of a partition was received; then ``found(_:in:)``.
        case look(partition: Int)
        /// Fetch records that are no longer in memory; then ``fetched(_:from:generation:isEmpty:next:)``.
        case fetch(partition: Int, from: StorePosition, generation: Int)
        /// Deliver at most `count` records of a partition, up to a receive time; then ``delivered(_:of:isFull:)``.
        case read(partition: Int, until: UInt64, count: Int)
        /// Wait for records that are being fetched.
        case awaitRecords
        /// Wait until the connection has room again, or what could not be read can be read.
        case awaitRoom
        /// Go on in another turn, so that others get theirs; then ``scheduledTurnCame()`` and ``beginTurn()``.
        case pause
        /// Another turn is on its way.
        case awaitTurn
        /// Everything that is stored was delivered.
        case end
    }

    /// What became of a fetch.
    enum Fetched: Equatable {
        /// The reader was moved meanwhile, so the records are of no use.
        case obsolete
        /// The store cannot read there now. It is tried again later.
        case unreadable
        /// The records are there, if there are any.
        case usable
    }

    private enum Head: Equatable {
        case unknown
        case record(receivedAt: UInt64)
        case end
    }

    private struct Cursor {
        /// The position in the log behind the page.
        var position: StorePosition = .max
        /// The position where the page begins, to fetch it again; nil without a page.
        var pageStart: StorePosition?
        var head = Head.unknown
        /// Whether the next records are not in memory.
        var mustFetch = false
        var isFetching = false
    }

    private var cursors: [Cursor]
    private var budget = 0
    private var isScheduled = false
    /// True while the connection or its window of unacknowledged deliveries is full.
    private(set) var isWaiting = false
    /// Changes when the reader is moved: a fetch that was started before may miss what is wanted then.
    private(set) var generation = 0

    /// The most records that are read in one turn, so that a long replay does not block the lane.
    static let recordsPerTurn = 4096

    init(partitionCount: Int) {
        cursors = Array(repeating: Cursor(), count: partitionCount)
    }

    // MARK: Events

    /// The reader goes back to these positions, one for each partition, where it is not before them already. Its pages are gone.
    mutating func move(to positions: [StorePosition]) {
        generation += 1
        for index in cursors.indices {
            // The page may begin before what is wanted. Records that were delivered are not sent again, because the marks of the
            // subscriptions tell them.
            let current = cursors[index].pageStart ?? cursors[index].position
            cursors[index] = Cursor(position: min(current, positions[index]))
        }
    }

    /// The pages are gone, to save memory: they are fetched again.
    mutating func dropPages() {
        for index in cursors.indices {
            guard let start = cursors[index].pageStart else { continue }
            cursors[index] = Cursor(position: start)
        }
    }

    /// The connection cannot take more.
    mutating func becomeFull() { isWaiting = true }

    /// The turn that ``Action/pause`` has asked for is there.
    mutating func scheduledTurnCame() { isScheduled = false }

    /// A turn begins, in which there may be room again.
    mutating func beginTurn() {
        isWaiting = false
        budget = Self.recordsPerTurn
        forgetEnds()
    }

    /// The next record of a partition was received at `time`; nil when there is none where it was looked for.
    mutating func found(_ time: UInt64?, in partition: Int) {
        cursors[partition].head = time.map { .record(receivedAt: $0) } ?? .end
    }

    /// The records of a page were all taken.
    mutating func pageEnded(in partition: Int) { cursors[partition].pageStart = nil }

    /// The reader has come to another place in the memory of the store. `mustFetch` says that the next records are no longer there.
    mutating func advanced(to position: StorePosition, in partition: Int, mustFetch: Bool) {
        cursors[partition].position = position
        cursors[partition].mustFetch = mustFetch
    }

    /// Records of a partition were delivered, or could not be all.
    mutating func delivered(_ count: Int, of partition: Int, isFull: Bool) {
        budget -= count
        cursors[partition].head = .unknown
        // Meanwhile there may be more in the others.
        forgetEnds()
        if isFull { isWaiting = true }
    }

    /// A fetch from `position` has come back, with a page behind which the log goes on at `next`.
    mutating func fetched(
        _ partition: Int, from position: StorePosition, generation: Int, isEmpty: Bool, next: StorePosition
    ) -> Fetched {
        guard generation == self.generation else { return .obsolete }
        cursors[partition].isFetching = false
        cursors[partition].head = .unknown
        if isEmpty, next == position {
            isWaiting = true
            return .unreadable
        }
        cursors[partition].pageStart = isEmpty ? nil : position
        cursors[partition].position = next
        return .usable
    }

    /// Where the reader is in the log, behind its page.
    func position(in partition: Int) -> StorePosition { cursors[partition].position }

    private mutating func forgetEnds() {
        for index in cursors.indices where cursors[index].head == .end { cursors[index].head = .unknown }
    }

    // MARK: Decisions

    /// What is to be done now.
    mutating func next() -> Action {
        if isWaiting { return .awaitRoom }
        guard budget > 0 else {
            if isScheduled { return .awaitTurn }
            isScheduled = true
            return .pause
        }
        for index in cursors.indices where !cursors[index].isFetching {
            if cursors[index].mustFetch, cursors[index].pageStart == nil, cursors[index].head != .unknown {
                (cursors[index].mustFetch, cursors[index].isFetching) = (false, true)
                return .fetch(partition: index, from: cursors[index].position, generation: generation)
            }
            if cursors[index].head == .unknown { return .look(partition: index) }
        }
        if cursors.contains(where: \.isFetching) { return .awaitRecords }
        return oldest()
    }

    /// The partition with the oldest record, up to the next record of another one.
    private func oldest() -> Action {
        var best: (partition: Int, time: UInt64)?
        var until = UInt64.max
        for (partition, cursor) in cursors.enumerated() {
            guard case .record(let time) = cursor.head else { continue }
            if let (_, bestTime) = best, bestTime <= time {
                until = min(until, time)
            } else {
                if let (_, bestTime) = best { until = min(until, bestTime) }
                best = (partition, time)
            }
        }
        return best.map { .read(partition: $0.partition, until: until, count: budget) } ?? .end
    }
}
