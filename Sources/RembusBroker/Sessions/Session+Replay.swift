import Logging
import NIOCore
import RembusStore
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization

/// Publications that this connection has missed: past ones that a subscription asks for, and those that a slow
/// connection could not take (behaviour.md §11).
extension Session {
    /// Called when the connection has become reactive: unacknowledged deliveries are sent again, and subscriptions get
    /// their past.
    func startReplay() {
        resumeDeliveries()
        for subscription in state.subscriptions.values where serves(subscription) && subscription.mode != .unanswered {
            startCatchUp(subscription)
        }
        sendPostponed()
        continueCatchUp()
    }

    /// Starts to read from the store for a subscription, if it wants anything that is stored.
    func startCatchUp(_ subscription: Subscription) {
        let now = core.clock.wall()
        let window = min(subscription.messageFrom, past.window, core.replayWindow)
        guard state.name != nil, window > 0, recordsPublications, !isServer else {
            // A subscription that has fallen behind on this connection keeps its position.
            if past.catchUp?.contains(subscription) != true {
                if subscription.wantsLastValues || subscription.mode == .beginning {
                    return openLastValues(of: subscription)
                }
                subscription.skip(to: now)
                subscription.mode = .live
            }
            return
        }
        subscription.cutoff = window >= Double(now) ? 0 : now - UInt64(window)
        enter(subscription)
    }

    /// Switches a live subscription to reading from the store, because the connection cannot take more.
    func fallBehind(_ subscription: Subscription) {
        // A client with a small window of its own choice is not slow.
        let isFull = !traits.choosesWindow || link.backlog >= lane.room
        if limits.slowConsumer == .disconnect, isFull {
            report(.tooSlow)
            return link.close(code: 1008, reason: "slow consumer")
        }
        if isFull { noteSlow(subscription) }
        guard recordsPublications else {
            core.counters.droppedDeliveries.wrappingAdd(1, ordering: .relaxed)
            losses.count += 1
            return
        }
        lane.metrics.fellBehind += 1
        subscription.cutoff = 0
        enter(subscription)
        past.catchUp?.hasFallenBehind = true
        past.catchUp?.machine.becomeFull()
        lane.watch(self)
    }

    func enter(_ subscription: Subscription) {
        let count = core.store.partitionCount
        let reader = past.catchUp ?? CatchUp(partitionCount: count)
        past.catchUp = reader
        let positions = (0..<count).map { partition in
            core.store.position(
                after: subscription.start(partition: partition, partitionCount: count), partition: partition)
        }
        reader.add(subscription, from: positions)
    }

    func linkDrained(_ link: Link) {
        lane.resumePaused()
        sendPostponed()
        continueCatchUp()
        startWaitingCalls()
        // This call may be outside of a unit of work, whose end would reset the clocks. They are reset here, so that
        // the next unit of work reads the time again.
        lane.beginBurst()
    }

    /// Continues to read from the store until the reader is at the end, the connection is full or the turn is over.
    func continueCatchUp() {
        continueLastValues()
        // The store's publications can be delivered after the restart, so a broker that stops waits only for
        // acknowledgements of what was sent.
        guard let reader = past.catchUp, !isClosed, isReactive, !core.readiness.hasStopped else { return }
        reader.machine.beginTurn()
        if isTooFullToReplay(reader) {
            reader.machine.becomeFull()
            return lane.watch(self)
        }
        while true {
            switch reader.machine.next() {
            case .look(let partition): look(reader, partition)
            case .fetch(let partition, let position, let generation): fetch(reader, partition, position, generation)
            case .read(let partition, let until, let count): read(reader, partition, until: until, atMost: count)
            case .awaitRecords, .awaitTurn: return
            case .awaitRoom:
                // Records that were read but cannot be sent are read again later, so that slow connections do not hold
                // memory.
                if isMemoryScarce { reader.dropPages() }
                return lane.watch(self)
            case .pause:
                return lane.eventLoop.execute { [self] in
                    past.catchUp?.machine.scheduledTurnCame()
                    resumeCatchUp()
                }
            case .end: return endCatchUp(reader)
            }
        }
    }

    /// From here on these subscriptions get publications as they come.
    private func endCatchUp(_ reader: CatchUp) {
        for subscription in reader.subscriptions { subscription.endCatchUp() }
        past.catchUp = nil
        noteCaughtUp()
        gateway.deliverySink?.caughtUp()
    }

    /// Whether connections may hold less than their settings say, for want of memory.
    private var isMemoryScarce: Bool { lane.memory.room < maxBacklogBytes }

    /// Whether nothing that is read could be sent now.
    private func isTooFullToReplay(_ reader: CatchUp) -> Bool {
        if link.isCongested { return true }
        return isMemoryScarce && (state.inFlight.isFull || state.inFlight.bytes >= maxKeptBytes)
    }

    /// Continues as a unit of work of its own.
    private func resumeCatchUp() {
        lane.beginBurst()
        continueCatchUp()
        lane.endBurst()
    }

    private func look(_ reader: CatchUp, _ partition: Int) {
        var time: UInt64?
        take(reader, partition) { record, _ in
            time = record.receivedAt
            return false
        }
        reader.machine.found(time, in: partition)
    }

    /// Calls `body` with the records of a partition until it returns false: first those that were fetched, then those
    /// in memory.
    private func take(
        _ reader: CatchUp, _ partition: Int, _ body: (RecordHeader, UnsafeRawBufferPointer) -> Bool
    ) {
        if reader.readPage(partition, body) {
            guard reader.isPageEmpty(partition) else { return }
            reader.setPage(nil, of: partition, counting: lane.memory)
            reader.machine.pageEnded(in: partition)
        }
        let outcome = core.store.read(partition: partition, from: reader.machine.position(in: partition), body)
        note(lostBytes: outcome.lostBytes + (reader.hasFallenBehind ? outcome.skippedBytes : 0))
        reader.machine.advanced(to: outcome.next, in: partition, mustFetch: outcome.mustFetch)
    }

    private func fetch(_ reader: CatchUp, _ partition: Int, _ position: StorePosition, _ generation: Int) {
        core.store.fetch(partition: partition, from: position, topics: reader.topics) { [self] page in
            lane.eventLoop.execute { [self] in
                // Without a reader nobody waits for the page any more.
                guard let reader = past.catchUp else { return }
                switch reader.machine.fetched(
                    partition, from: position, generation: generation, isEmpty: page.isEmpty, next: page.next)
                {
                case .obsolete: return
                case .unreadable:
                    note(lostBytes: page.lostBytes + (reader.hasFallenBehind ? page.skippedBytes : 0))
                    // The lane's timer tries again.
                    return lane.watch(self)
                case .usable:
                    note(lostBytes: page.lostBytes + (reader.hasFallenBehind ? page.skippedBytes : 0))
                    reader.setPage(page.isEmpty ? nil : page, of: partition, counting: lane.memory)
                    resumeCatchUp()
                }
            }
        }
    }

    private func read(_ reader: CatchUp, _ partition: Int, until: UInt64, atMost count: Int) {
        var left = count
        var isFull = false
        take(reader, partition) { record, bytes in
            guard left > 0, record.receivedAt <= until else { return false }
            left -= 1
            isFull = !replay(record, bytes, reader, partition)
            return !isFull
        }
        reader.machine.delivered(count - left, of: partition, isFull: isFull)
    }

    /// Sends one record to the subscriptions that want it. Returns false when the connection is full.
    private func replay(
        _ record: RecordHeader, _ bytes: UnsafeRawBufferPointer, _ reader: CatchUp, _ partition: Int
    ) -> Bool {
        let isOwn = record.publisher != 0 && record.publisher == state.number
        guard record.tenant == state.tenant, case .regular(let header) = FrameHeader.parse(bytes)
        else { return true }
        let hash = record.topicHash != 0 ? record.topicHash : TopicHash.of(header.topicBytes(in: bytes))
        if let retention = core.storage.retention,
            reader.isGone(
                record, hash, by: retention, now: core.clock.wall(), topic: { header.topic(in: bytes) })
        {
            return true
        }
        for subscription in reader.matching(hash, rulesVersion, topic: { header.topic(in: bytes) }, isAllowed: mayHear)
        {
            if !subscription.taken.isEmpty, subscription.taken.remove(record.receivedAt) != nil {
                subscription.sent(record.receivedAt, partition: partition)
                continue
            }
            guard subscription.wants(record.receivedAt, partition: partition), !isOwn || subscription.hearsOwn,
                header.flags.qos != .atMostOnce || record.receivedAt > subscription.passingUntil
            else { continue }
            var publication = Publication(
                bytes: bytes, header: header, owner: nil, record: record, partition: partition, publisher: nil)
            guard !link.isCongested, send(&publication, subscription) else { return false }
            subscription.sent(record.receivedAt, partition: partition)
        }
        return true
    }

    private var rulesVersion: UInt64 { tables.rulesVersion.load(ordering: .acquiring) }

    /// Replay follows the rules as they are now, as live delivery does.
    private func mayHear(_ topic: String) -> Bool { may(.subscribe, topic) }

    private func note(lostBytes: UInt64) {
        guard lostBytes > 0 else { return }
        losses.bytes += lostBytes
        report(.overtaken(bytes: lostBytes))
    }
}
