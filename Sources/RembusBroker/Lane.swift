#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import Logging
import NIOCore
import RembusStore
import RembusTransport
import RembusWire
import Synchronization

/// One event loop of the broker with everything that lives on it: its sessions, its resolved routes, what it is about
/// to send to other lanes.
///
/// Touched on its event loop only, except for the constants `index` and `eventLoop`, hence unchecked.
final class Lane: @unchecked Sendable {
    let index: Int
    let eventLoop: any EventLoop
    let core: BrokerCore
    let links: LinkGroup
    private(set) var sessions: [ObjectIdentifier: Session] = [:]
    @exclusivity(unchecked) private var routes = RouteCache()
    @exclusivity(unchecked) private var outgoing: [LaneBatch?]
    @exclusivity(unchecked) private var lastReceiveTime: UInt64 = 0
    /// The wall clock, read once per read burst; 0 until the first use in a burst.
    @exclusivity(unchecked) private var burstTime: UInt64 = 0
    /// The monotonic clock, read once per unit of work; nil until the first use in it.
    @exclusivity(unchecked) private var burstNow: NIODeadline?
    /// Sessions with something that can time out.
    private var watched: [Session] = []
    /// Publishers that stopped reading because a subscriber is congested.
    private var paused: [Session] = []
    /// Set while a burst is routed when one of its deliveries went to a congested link.
    @exclusivity(unchecked) var sawCongestion = false
    private var ticker: RepeatedTask?

    init(index: Int, eventLoop: any EventLoop, core: BrokerCore, laneCount: Int) {
        self.index = index
        self.eventLoop = eventLoop
        self.core = core
        self.links = LinkGroup(eventLoop: eventLoop)
        self.outgoing = Array(repeating: nil, count: laneCount)
    }

    // MARK: Sessions

    func add(_ session: Session) {
        sessions[ObjectIdentifier(session)] = session
        core.counters.connections.wrappingAdd(1, ordering: .relaxed)
    }

    func remove(_ session: Session) {
        if sessions.removeValue(forKey: ObjectIdentifier(session)) != nil {
            core.counters.connections.wrappingSubtract(1, ordering: .relaxed)
        }
        paused.removeAll { $0 === session }
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
        if let burstNow { return burstNow }
        let time = NIODeadline.now()
        burstNow = time
        return time
    }

    /// A receive time for the next publication: the wall clock, but always later than the one before.
    @inline(__always)
    func nextReceiveTime() -> UInt64 {
        if burstTime == 0 { burstTime = WallClock.nanoseconds() }
        lastReceiveTime = max(lastReceiveTime &+ 1, burstTime)
        return lastReceiveTime
    }

    // MARK: Routes

    /// The route of a topic, resolved again when the tables have changed.
    @inline(__always)
    func route(_ topic: UnsafeRawBufferPointer) -> Route {
        let generation = core.tables.generation.load(ordering: .acquiring)
        let hash = TopicHash.of(topic)
        if let route = routes.find(topic, hash: hash), route.generation == generation { return route }
        return resolve(String(decoding: topic, as: UTF8.self), hash: hash)
    }

    func route(_ topic: String) -> Route {
        var topic = topic
        return topic.withUTF8 { route(UnsafeRawBufferPointer($0)) }
    }

    private func resolve(_ topic: String, hash: UInt64) -> Route {
        let route = core.tables.makeRoute(topic: topic, hash: hash, lane: index)
        routes.insert(route)
        return route
    }

    // MARK: Other lanes

    /// The batch that is being collected for another lane.
    func batch(for lane: Int) -> LaneBatch {
        if let batch = outgoing[lane] { return batch }
        let batch = LaneBatch(source: index)
        outgoing[lane] = batch
        return batch
    }

    /// Ends a unit of work: batches go to their lanes, links are flushed, and the clocks are read again next time.
    func endBurst() {
        for index in outgoing.indices {
            guard let batch = outgoing[index] else { continue }
            outgoing[index] = nil
            let lane = core.lanes[index]
            lane.eventLoop.execute { lane.apply(batch) }
        }
        links.flush()
        // Last, because a flush can let a reader go on, which looks at the clocks.
        beginBurst()
    }

    private func apply(_ batch: LaneBatch) {
        beginBurst()
        batch.apply(on: self)
        sawCongestion = false
        endBurst()
    }

    // MARK: Back-pressure

    /// How long a publisher waits for a congested subscriber at most, per read: one slow subscriber may slow its
    /// publishers down a little, never stop them.
    private static let longestPause = TimeAmount.milliseconds(5)

    func pause(_ session: Session) {
        guard session.link.isOpen else { return }
        session.link.pauseReading()
        if paused.isEmpty {
            eventLoop.assumeIsolated().scheduleTask(in: Self.longestPause) { [weak self] in self?.resumePaused() }
        }
        paused.append(session)
    }

    func resumePaused() {
        let resumed = paused
        paused = []
        for session in resumed { session.link.resumeReading() }
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

    /// Has `Session.tick` called from now on, for as long as the session has deadlines.
    func watch(_ session: Session) {
        guard !session.isWatched else { return }
        session.isWatched = true
        watched.append(session)
    }

    private func tick() {
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

/// The wall clock in nanoseconds since the epoch.
enum WallClock {
    static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
