import Logging
import NIOCore
import RembusStore
import RembusTransport
import RembusWire
import Synchronization

/// What this connection missed: the past that a subscription asks for, and what a slow reader could not take
/// (behaviour.md §11).
extension Session {
    /// Records read in one turn, so that a long replay does not hold up the lane.
    private static let recordsPerTurn = 4096

    /// The connection has become reactive: unacknowledged deliveries go again, subscriptions get their past.
    func startReplay() {
        resumeDeliveries()
        for subscription in state.subscriptions.values { startCatchUp(subscription) }
        continueCatchUp()
    }

    /// Has a subscription read from the store if it wants anything that lies there.
    func startCatchUp(_ subscription: Subscription) {
        let now = WallClock.nanoseconds()
        let window = min(subscription.messageFrom, replayWindow)
        guard state.name != nil, window > 0, recordsPublications, !isServer else {
            // One that fell behind on this connection keeps its place.
            if catchUp?.contains(subscription) != true {
                subscription.skip(to: now)
                subscription.mode = .live
            }
            return
        }
        subscription.cutoff = window >= Double(now) ? 0 : now - UInt64(window)
        enter(subscription)
    }

    /// A live subscription whose connection cannot take more goes on from the store when it can.
    func fallBehind(_ subscription: Subscription) {
        guard recordsPublications else {
            core.counters.dropped.wrappingAdd(1, ordering: .relaxed)
            return
        }
        subscription.cutoff = 0
        enter(subscription)
        catchUp?.isWaiting = true
        lane.watch(self)
    }

    private func enter(_ subscription: Subscription) {
        let reader = catchUp ?? CatchUp(positions: Array(repeating: .max, count: core.store.partitionCount))
        catchUp = reader
        for partition in reader.positions.indices {
            let time = max(subscription.marks[partition], subscription.cutoff)
            reader.positions[partition] = min(
                reader.positions[partition], core.store.position(after: time, partition: partition))
        }
        reader.add(subscription)
    }

    func linkDrained(_ link: Link) {
        lane.resumePaused()
        continueCatchUp()
        // This may be no part of a burst, whose end would do it: the next one must not see the clocks of this moment.
        lane.beginBurst()
    }

    /// Reads on where the reader stands, until it is at the end, the connection is full or the turn is over.
    func continueCatchUp() {
        guard let reader = catchUp, !isClosed, isReactive else { return }
        reader.isWaiting = false
        var budget = Self.recordsPerTurn
        while budget > 0, !reader.isWaiting {
            guard let (partition, until) = nextRun(reader) else {
                // Nothing left anywhere: from here on these subscriptions are served as publications come.
                for subscription in reader.subscriptions { subscription.mode = .live }
                catchUp = nil
                return
            }
            read(reader, partition, until: until, &budget)
        }
        if reader.isWaiting {
            lane.watch(self)
        } else if !reader.isScheduled {
            reader.isScheduled = true
            lane.eventLoop.execute { [self] in
                catchUp?.isScheduled = false
                lane.beginBurst()
                continueCatchUp()
                lane.endBurst()
            }
        }
    }

    /// The partition with the oldest record to read, and the time up to which it is the oldest.
    private func nextRun(_ reader: CatchUp) -> (partition: Int, until: UInt64)? {
        var best: (partition: Int, time: UInt64)?
        var until = UInt64.max
        for partition in reader.positions.indices {
            var time: UInt64?
            let outcome = core.store.read(partition: partition, from: reader.positions[partition]) { record, _ in
                time = record.receivedAt
                return false
            }
            note(lostBytes: outcome.lostBytes)
            reader.positions[partition] = outcome.next
            guard let time else { continue }
            if let (_, bestTime) = best, bestTime <= time {
                until = min(until, time)
            } else {
                if let (_, bestTime) = best { until = min(until, bestTime) }
                best = (partition, time)
            }
        }
        return best.map { ($0.partition, until) }
    }

    private func read(_ reader: CatchUp, _ partition: Int, until: UInt64, _ budget: inout Int) {
        let outcome = core.store.read(partition: partition, from: reader.positions[partition]) { record, bytes in
            guard budget > 0, record.receivedAt <= until else { return false }
            budget -= 1
            guard replay(record, bytes, reader, partition) else {
                reader.isWaiting = true
                return false
            }
            return true
        }
        note(lostBytes: outcome.lostBytes)
        reader.positions[partition] = outcome.next
    }

    /// Sends one record to the subscriptions that want it; false when the connection is full.
    private func replay(
        _ record: RecordHeader, _ bytes: UnsafeRawBufferPointer, _ reader: CatchUp, _ partition: Int
    ) -> Bool {
        guard record.tenant == state.tenant, record.publisher == 0 || record.publisher != state.number,
            case .regular(let header) = FrameHeader.parse(bytes)
        else { return true }
        for subscription in reader.matching(record.topicHash, topic: { header.topic(in: bytes) }) {
            guard record.receivedAt > subscription.marks[partition], record.receivedAt > subscription.cutoff else {
                continue
            }
            var publication = Publication(
                bytes: bytes, header: header, owner: nil, record: record, partition: partition, publisher: nil)
            guard !link.isCongested, send(&publication, subscription) else { return false }
            subscription.marks[partition] = record.receivedAt
        }
        return true
    }

    private func note(lostBytes: UInt64) {
        guard lostBytes > 0 else { return }
        core.counters.overrunBytes.wrappingAdd(lostBytes, ordering: .relaxed)
        core.logger.warning("\(label) fell behind further than the store reaches: \(lostBytes) bytes of log are gone")
    }
}
