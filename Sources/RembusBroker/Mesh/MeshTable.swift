import RembusWire

/// Who wants what behind which link, and what each link has to be told (docs/spec/protocol.md §9.2). One table for each tenant.
///
/// An interest has an origin, which is the broker whose own components have it, and comes with the path that it took from
/// there. A link is told of an interest when some origin's best path leads elsewhere and has not passed the broker at its
/// other end. So interests cannot keep each other alive round a circle, and of several paths to one origin publications take
/// one. Brokers of other implementations are told one thing for all origins.
///
/// A value without a socket, a clock or a thread: each event gives the actions that it makes necessary.
struct MeshTable {
    /// What is to be done for a link.
    enum Action: Equatable {
        /// The link is told of an interest, in the place of what it was told of this origin before.
        case tell(MeshLinkID, MeshInterest, path: [UInt64], messageFrom: Double)
        /// The link is told that the origin, the first of `path`, has the interest no longer.
        case untell(MeshLinkID, MeshInterest, path: [UInt64])
        /// What the link has said of an interest is used from now on.
        case attach(MeshLinkID, MeshInterest)
        /// It is no longer.
        case detach(MeshLinkID, MeshInterest)

        var link: MeshLinkID {
            switch self {
            case .tell(let link, _, _, _), .untell(let link, _, _), .attach(let link, _), .detach(let link, _): link
            }
        }
    }

    /// One end of a connection to another broker.
    struct Link {
        let id: MeshLinkID
        /// The broker at the other end; until that is known, a number that stands for the link.
        var broker: UInt64
        /// Whether the other end can be told the paths of interests.
        let tellsPaths: Bool
        /// Whether the other end may know of an interest.
        var mayKnow: @Sendable (MeshInterest) -> Bool = { _ in true }
    }

    private struct Route: Equatable {
        /// From the origin to the neighbour.
        let path: [UInt64]
        let messageFrom: Double
        /// Counts up, so that of paths of one length the older is kept.
        let order: UInt64
    }

    private struct Told: Equatable {
        var path: [UInt64]
        var messageFrom: Double
    }

    private struct Neighbour {
        var link: Link
        /// By interest and origin.
        var heard: [MeshInterest: [UInt64: Route]] = [:]
        var told: [MeshInterest: [UInt64: Told]] = [:]
        var attached: Set<MeshInterest> = []
        /// How many routes it has told.
        var routes = 0
        /// Whether the link is not to be used, since there is another way.
        var isResting = false
    }

    private struct Local {
        var count = 0
        var messageFrom = 0.0
    }

    /// This broker.
    let own: UInt64
    private var local: [MeshInterest: Local] = [:]
    private var neighbours: [Neighbour] = []
    private var lastOrder: UInt64 = 0

    /// Interests that have come further than this are not passed on.
    static let maxPathLength = 16
    /// The most routes that a link can tell: interests times origins.
    static let maxRoutes = 250_000
    /// The most origins of one interest that a link can tell.
    static let maxOrigins = 1024

    init(own: UInt64) { self.own = own }

    var hasLinks: Bool { !neighbours.isEmpty }

    // MARK: Events

    /// Components of this broker have an interest more or less.
    /// - Parameter messageFrom: How far back they want to go, nanoseconds. The furthest counts until nobody has the interest.
    mutating func change(_ interest: MeshInterest, by count: Int, messageFrom: Double = 0) -> [Action] {
        var entry = local[interest] ?? Local()
        let old = entry
        entry.count += count
        if count > 0 { entry.messageFrom = max(entry.messageFrom, messageFrom) }
        local[interest] = entry.count > 0 ? entry : nil
        guard (old.count > 0) != (entry.count > 0) || entry.messageFrom > old.messageFrom else { return [] }
        return review(interest)
    }

    /// A link is up: what it has to be told.
    mutating func join(_ link: Link) -> [Action] {
        neighbours.append(Neighbour(link: link))
        return reviewAll()
    }

    /// A link is gone, with all that it has said.
    mutating func leave(_ id: MeshLinkID) -> [Action] {
        guard let index = index(of: id) else { return [] }
        let gone = neighbours.remove(at: index)
        return gone.heard.keys.flatMap { review($0) }
    }

    /// It has turned out which broker is at the other end of a link.
    mutating func identify(_ id: MeshLinkID, as broker: UInt64) -> [Action] {
        guard let index = index(of: id), neighbours[index].link.broker != broker else { return [] }
        neighbours[index].link.broker = broker
        return reviewAll()
    }

    /// A link is not to be used, or again: what it says is remembered meanwhile.
    mutating func rest(_ id: MeshLinkID, _ isResting: Bool) -> [Action] {
        guard let index = index(of: id), neighbours[index].isResting != isResting else { return [] }
        neighbours[index].isResting = isResting
        return reviewAll()
    }

    /// A link says that an origin, the first of `path`, has an interest; `path` ends with the broker at the link's other end.
    mutating func hear(
        _ interest: MeshInterest, from id: MeshLinkID, path: [UInt64], messageFrom: Double = 0
    ) -> [Action] {
        guard let index = index(of: id), let origin = path.first else { return [] }
        // It has been here: what the neighbour knew before leads round a circle now.
        guard !path.contains(own) else { return forget(interest, from: id, origin: origin) }
        let known = neighbours[index].heard[interest]?[origin]
        if known == nil {
            guard neighbours[index].routes < Self.maxRoutes,
                neighbours[index].heard[interest]?.count ?? 0 < Self.maxOrigins
            else { return [] }
            neighbours[index].routes += 1
        }
        lastOrder += 1
        let route = Route(path: path, messageFrom: messageFrom, order: known?.order ?? lastOrder)
        guard route != known else { return [] }
        neighbours[index].heard[interest, default: [:]][origin] = route
        return review(interest)
    }

    /// A link says that an origin has an interest no longer.
    mutating func forget(_ interest: MeshInterest, from id: MeshLinkID, origin: UInt64) -> [Action] {
        guard let index = index(of: id), neighbours[index].heard[interest]?.removeValue(forKey: origin) != nil
        else { return [] }
        neighbours[index].routes -= 1
        if neighbours[index].heard[interest]?.isEmpty == true { neighbours[index].heard[interest] = nil }
        return review(interest)
    }

    /// What links may know has changed.
    mutating func reviewAll() -> [Action] {
        var interests = Set(local.keys)
        for neighbour in neighbours {
            interests.formUnion(neighbour.heard.keys)
            interests.formUnion(neighbour.told.keys)
        }
        return interests.sorted { $0.text < $1.text }.flatMap { review($0) }
    }

    // MARK: What is known

    /// Whether a link has said that it has an interest.
    func hasHeard(_ interest: MeshInterest, from id: MeshLinkID) -> Bool {
        index(of: id).map { neighbours[$0].heard[interest] != nil } ?? false
    }

    /// Whether a broker of ours has said that it, or another one, has an interest.
    func reaches(_ interest: MeshInterest) -> Bool {
        neighbours.contains { $0.link.tellsPaths && $0.heard[interest] != nil }
    }

    /// What a link was told.
    func told(_ id: MeshLinkID) -> Set<MeshInterest> { index(of: id).map { Set(neighbours[$0].told.keys) } ?? [] }

    /// How much each side of a link wants and provides.
    func counts(_ id: MeshLinkID) -> (heard: Int, told: Int)? {
        index(of: id).map { (neighbours[$0].heard.count, neighbours[$0].told.count) }
    }

    private func index(of id: MeshLinkID) -> Int? { neighbours.firstIndex { $0.link.id == id } }

    // MARK: Decisions

    /// What changes for the links when something about an interest has changed.
    private mutating func review(_ interest: MeshInterest) -> [Action] {
        let best = bestRoutes(interest)
        var actions: [Action] = []
        for index in neighbours.indices {
            attach(interest, index, isUsed: best.values.contains { $0.index == index }, &actions)
            tell(interest, index, wanted(interest, by: index, best), &actions)
        }
        return actions
    }

    /// The best route to each origin: the shortest, of several the oldest.
    private func bestRoutes(_ interest: MeshInterest) -> [UInt64: (index: Int, route: Route)] {
        var best: [UInt64: (index: Int, route: Route)] = [:]
        for index in neighbours.indices where !neighbours[index].isResting {
            for (origin, route) in neighbours[index].heard[interest] ?? [:] {
                if let known = best[origin]?.route,
                    (known.path.count, known.order) <= (route.path.count, route.order)
                {
                    continue
                }
                best[origin] = (index, route)
            }
        }
        return best
    }

    private mutating func attach(_ interest: MeshInterest, _ index: Int, isUsed: Bool, _ actions: inout [Action]) {
        guard interest.kind != .link else { return }
        let id = neighbours[index].link.id
        if isUsed {
            if neighbours[index].attached.insert(interest).inserted { actions.append(.attach(id, interest)) }
        } else if neighbours[index].attached.remove(interest) != nil {
            actions.append(.detach(id, interest))
        }
    }

    /// What a link is to be told of an interest, by origin.
    private func wanted(
        _ interest: MeshInterest, by index: Int, _ best: [UInt64: (index: Int, route: Route)]
    ) -> [UInt64: Told] {
        let link = neighbours[index].link
        guard !neighbours[index].isResting, link.mayKnow(interest), link.tellsPaths || interest.kind != .link
        else { return [:] }
        var wanted: [UInt64: Told] = [:]
        if let entry = local[interest] { wanted[own] = Told(path: [own], messageFrom: entry.messageFrom) }
        for (origin, entry) in best where entry.index != index {
            let path = entry.route.path
            guard path.count < Self.maxPathLength, !path.contains(link.broker) else { continue }
            wanted[origin] = Told(path: path + [own], messageFrom: entry.route.messageFrom)
        }
        guard !link.tellsPaths, !wanted.isEmpty else { return wanted }
        // They would give what is past to everybody here.
        return [own: Told(path: [own], messageFrom: 0)]
    }

    private mutating func tell(
        _ interest: MeshInterest, _ index: Int, _ wanted: [UInt64: Told], _ actions: inout [Action]
    ) {
        let known = neighbours[index].told[interest] ?? [:]
        guard known != wanted else { return }
        neighbours[index].told[interest] = wanted.isEmpty ? nil : wanted
        let link = neighbours[index].link
        for (origin, told) in known.sorted(by: { $0.key < $1.key }) where wanted[origin] == nil {
            actions.append(.untell(link.id, interest, path: told.path))
        }
        for (origin, told) in wanted.sorted(by: { $0.key < $1.key }) where known[origin] != told {
            // That somebody wants less of the past than somebody did before is no news.
            if let before = known[origin], before.path == told.path, before.messageFrom > told.messageFrom { continue }
            actions.append(.tell(link.id, interest, path: told.path, messageFrom: told.messageFrom))
        }
    }
}
