import Logging
import NIOCore
import RembusStore
import RembusTransport
import RembusWire
import Synchronization

/// One event loop of the broker, with its sessions, its resolved routes and the batches that it will send to other
/// lanes.
///
/// Used on its event loop only, except for the constants `index` and `eventLoop`; hence unchecked.
final class Lane: @unchecked Sendable {
    let index: Int
    let eventLoop: any EventLoop
    let core: BrokerCore
    let links: LinkGroup
    /// The memory that the connections of this lane hold.
    let memory: LoopMemory
    private let maxRoom: Int
    /// Calls of services that wait for memory.
    let services: RoomQueue
    private(set) var sessions: [ObjectIdentifier: Session] = [:]
    @exclusivity(unchecked) private var routes = RouteCache()
    @exclusivity(unchecked) private var outgoing: [LaneBatch?]
    @exclusivity(unchecked) private var lastReceiveTime: UInt64
    /// The wall clock, read once for each unit of work; 0 until the first use in it.
    @exclusivity(unchecked) private var burstTime: UInt64 = 0
    /// The monotonic clock, read once for each unit of work; nil until the first use in it.
    @exclusivity(unchecked) private var burstNow: NIODeadline?
    /// Sessions that have deadlines.
    private var watched: [Session] = []
    /// Whether every connection was told that the broker ends.
    var hasSaidGoodbye = false
    /// Publishers that are not read from, because a subscriber is congested.
    var paused: [Session] = []
    /// The publisher whose publication went to a congested link here. A session asks for itself only, so that it does
    /// not wait because of others, such as a client that is gone and whose will was published.
    @exclusivity(unchecked) var congestedPublisher: ObjectIdentifier?
    /// Publications of this unit of work that are to be acknowledged once the store has committed them.
    @exclusivity(unchecked) var accepted: [Acceptance] = []
    /// Acknowledgements of earlier units of work that wait for the store, with their number.
    var unconfirmed = ConfirmationQueue<[Acceptance]>()
    var waitingAcknowledgements = 0
    /// Publishers that are not read from until the store has caught up.
    var held: [Session] = []
    /// Sessions whose component is to be written down at the end of this unit of work.
    private(set) var unsaved: [Session] = []
    /// Answers that wait until those components are on the disk.
    var unsavedAnswers: [() -> Void] = []
    /// Answers of earlier units of work that wait for the same.
    var unconfirmedAnswers = ConfirmationQueue<[() -> Void]>()
    private var ticker: RepeatedTask?
    /// How many lines are logged about unusable topics, and about refusals by the rules.
    var (refusalLog, denialLog) = (LogBudget(), LogBudget())
    private var (ticksUntilSave, ticksUntilSweep) = (0, 0)
    let metrics: LaneMetrics
    let sampler = TopicSampler()
    /// Settings that may change while the broker runs.
    @exclusivity(unchecked) var settings: LiveSettings

    init(index: Int, eventLoop: any EventLoop, core: BrokerCore, laneCount: Int) {
        self.index = index
        self.eventLoop = eventLoop
        self.core = core
        let memory = LoopMemory(budget: core.memory)
        self.links = LinkGroup(eventLoop: eventLoop, memory: memory)
        self.memory = memory
        maxRoom = core.configuration.limits.maxBacklogBytes
        services = RoomQueue(memory: memory, expectsAnswers: true)
        metrics = LaneMetrics(topics: core.metricTopics, memory: memory)
        settings = LiveSettings(core.configuration)
        self.outgoing = Array(repeating: nil, count: laneCount)
        // Receive times continue behind those of an earlier run, whatever the clock says now.
        let archived = core.storage.archivedTimes.dropFirst(index).first ?? 0
        let last = max(core.store.lastReceivedAt(partition: index), archived)
        lastReceiveTime = last & ~Self.partitionBits | UInt64(index)
    }

    /// The most bytes that may wait for one connection: `max_backlog_bytes`, or less while all connections together
    /// hold much.
    @inline(__always)
    var room: Int { min(maxRoom, memory.room) }

    private static let partitionBits = UInt64(RecordHeader.maxPartitions - 1)

    // MARK: Sessions

    func add(_ session: Session) {
        sessions[ObjectIdentifier(session)] = session
        // A session that has ended may have had the same address in memory.
        _ = takeCongestion(of: session)
        metrics.accepted[session.transport.index] += 1
        core.counters.connections.wrappingAdd(1, ordering: .relaxed)
    }

    func remove(_ session: Session) {
        if sessions.removeValue(forKey: ObjectIdentifier(session)) != nil {
            core.counters.connections.wrappingSubtract(1, ordering: .relaxed)
        }
        paused.removeAll { $0 === session }
        held.removeAll { $0 === session }
    }

    // MARK: Time

    /// Starts a unit of work: a read burst, a timer, a batch.
    @inline(__always)
    func beginBurst() {
        burstTime = 0
        burstNow = nil
    }

    /// The time of this unit of work, for deadlines.
    var now: NIODeadline {
        let time = burstNow ?? eventLoop.now
        burstNow = time
        return time
    }

    /// Returns a receive time for the next publication: the wall clock with this lane's number in the low bits. No two
    /// publications have the same time, and each time is later than the one before.
    @inline(__always)
    func nextReceiveTime() -> UInt64 {
        if burstTime == 0 {
            burstTime = core.clock.wall()
            if metrics.isEnabled, metrics.routingBegan == 0 { metrics.routingBegan = now.uptimeNanoseconds }
        }
        lastReceiveTime = max(
            lastReceiveTime &+ UInt64(RecordHeader.maxPartitions), burstTime & ~Self.partitionBits | UInt64(index))
        return lastReceiveTime
    }

    /// Returns a receive time by the clock of this moment, instead of that of the beginning of the unit of work.
    func freshReceiveTime() -> UInt64 {
        burstTime = 0
        return nextReceiveTime()
    }

    // MARK: Routes

    /// The route of a topic, which is resolved again when it is stale.
    @inline(__always)
    func route(_ topic: UnsafeRawBufferPointer) -> Route {
        let hash = TopicHash.of(topic)
        if let route = routes.find(topic, hash: hash), !route.isStale { return route }
        return resolve(String(decoding: topic, as: UTF8.self), hash: hash)
    }

    func route(_ topic: String) -> Route {
        var topic = topic
        return topic.withUTF8 { route(UnsafeRawBufferPointer($0)) }
    }

    /// Makes every route look up its counter again.
    func forgetCounts() { routes.forEach { $0.published = nil } }

    private func resolve(_ topic: String, hash: UInt64) -> Route {
        if routes.isFull {
            // Sessions may hold on to routes. Making them stale here ends them outside of the lock.
            core.tables.expireRoutes(lane: index)
            routes = RouteCache()
        }
        let route = core.tables.makeRoute(topic: topic, hash: hash, lane: index)
        routes.insert(route)
        return route
    }

    // MARK: Other lanes

    /// The batch that is being filled for another lane.
    func batch(for lane: Int) -> LaneBatch {
        if let batch = outgoing[lane] { return batch }
        let batch = LaneBatch(source: index)
        outgoing[lane] = batch
        return batch
    }

    /// Ends a unit of work: the store commits, batches go to their lanes, links are flushed, and the clocks are read
    /// again next time.
    func endBurst() {
        if !accepted.isEmpty { commitAccepted() }
        if !unsaved.isEmpty { saveChanged() }
        if !unsavedAnswers.isEmpty { answerWhenSaved() }
        for index in outgoing.indices {
            guard let batch = outgoing[index] else { continue }
            outgoing[index] = nil
            let lane = core.lanes[index]
            lane.eventLoop.execute { lane.apply(batch) }
        }
        links.flush()
        memory.settle()
        if metrics.routingBegan != 0 { metrics.endRouting(at: eventLoop.now) }
        // This comes last, because a flush can let a reader go on, which reads the clocks.
        beginBurst()
    }

    private func apply(_ batch: LaneBatch) {
        beginBurst()
        batch.apply(on: self)
        if !batch.congesting.isEmpty { slowDown(batch.congesting, onLane: batch.source) }
        endBurst()
    }

    // MARK: Timer

    func start() {
        let interval = core.tickInterval
        ticker = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) {
            [weak self] _ in self?.tick()
        }
    }

    func stop() {
        ticker?.cancel()
        ticker = nil
    }

    /// Calls `Session.tick` from now on, for as long as the session has deadlines.
    func watch(_ session: Session) {
        guard !session.isWatched else { return }
        session.isWatched = true
        watched.append(session)
    }

    /// How often marks are saved. A crash of the broker may repeat the deliveries of this time.
    private static let saveInterval = TimeAmount.milliseconds(500)

    /// Saves a session's component at the end of this unit of work.
    func saveSoon(_ session: Session) {
        guard core.storage.components != nil, session.state.name != nil, !session.isToBeSaved else { return }
        // Once for all changes, because saving takes time in proportion to the number of subscriptions.
        session.isToBeSaved = true
        unsaved.append(session)
    }

    private func saveChanged() {
        let sessions = unsaved
        unsaved = []
        for session in sessions {
            session.isToBeSaved = false
            session.save()
        }
    }

    private func saveMarks() {
        ticksUntilSave -= 1
        guard core.storage.components != nil, ticksUntilSave <= 0 else { return }
        ticksUntilSave = Int(Self.saveInterval.nanoseconds / core.tickInterval.nanoseconds)
        for session in sessions.values where session.state.name != nil { session.save() }
    }

    /// How often stale routes are removed, for topics that nobody publishes to again.
    private static let sweepInterval = TimeAmount.seconds(1)

    private func dropStaleRoutes() {
        ticksUntilSweep -= 1
        guard ticksUntilSweep <= 0 else { return }
        ticksUntilSweep = Int(Self.sweepInterval.nanoseconds / core.tickInterval.nanoseconds)
        guard core.tables.takeStale(lane: index) else { return }
        routes.removeStale()
        for session in sessions.values where session.lastRoute.route?.isStale == true {
            session.lastRoute.forget()
        }
    }

    private func tick() {
        saveMarks()
        dropStaleRoutes()
        relieveMemory()
        metrics.tick(every: core.tickInterval, sessions.values)
        if sampler.isWanted { sampler.tick(now: eventLoop.now, metrics.topicCounts) }
        guard !watched.isEmpty else { return }
        beginBurst()
        let current = watched
        watched = []
        for session in current {
            session.isWatched = false
            session.tick()
            if session.hasDeadlines { watch(session) }
        }
        endBurst()
    }
}
