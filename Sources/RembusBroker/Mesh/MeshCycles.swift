import NIOCore

/// Finds cycles of links that pass through brokers of other implementations, and decides which link of a cycle rests.
///
/// Between brokers of ours a publication says where it comes from, so it is taken once whatever the links are. Brokers of other
/// implementations lose that, and send what they get to all others: with a cycle a publication would go round for ever. So
/// each link to such a broker is probed now and then. Other implementations pass a ``MeshProbe`` on through their mesh, and
/// brokers of ours to their other links. A broker that gets a probe along a link to another implementation is on a cycle with
/// that link, when it has sent the probe itself along another link, or when it reaches the sender over brokers of ours too.
/// Of the brokers of ours that are on the cycle where it enters and leaves other implementations, the one with the highest
/// number lets one link rest. As everybody goes by the same numbers, each cycle is cut and nothing is cut off.
///
/// A value without a socket or a clock. One for each tenant.
struct MeshCycles {
    /// A link of a broker of ours to one of another implementation.
    struct Source: Hashable, Sendable {
        let broker: UInt64
        let link: UInt64

        private static let prefix = "rembus/mesh/link/"

        init(broker: UInt64, link: UInt64) { (self.broker, self.link) = (broker, link) }

        /// Reads the topic by which brokers of ours tell each other of the link; nil for any other.
        init?(_ topic: String) {
            guard topic.hasPrefix(Self.prefix) else { return nil }
            let numbers = topic.dropFirst(Self.prefix.count).split(separator: "/", omittingEmptySubsequences: false)
                .map { UInt64($0, radix: 16) }
            guard numbers.count == 2, let broker = numbers[0], let link = numbers[1] else { return nil }
            (self.broker, self.link) = (broker, link)
        }

        var interest: MeshInterest {
            MeshInterest(.link, Self.prefix + String(broker, radix: 16) + "/" + String(link, radix: 16))
        }
    }

    /// A probe to be sent along a link.
    struct Sending: Equatable {
        let link: MeshLinkID
        let probe: MeshProbe
    }

    private struct Link {
        let number: UInt64
        let isForeign: Bool
        /// The sources whose probes have come along the link, and have met no broker of ours with a higher number than this one's,
        /// with the time of the last.
        var arrivals: [Source: NIODeadline] = [:]
        /// The sources that were answered with a probe.
        var answered: Set<Source> = []
        var isResting = false
    }

    let own: UInt64
    private var links: [MeshLinkID: Link] = [:]
    private var lastRound: UInt64 = 0
    /// The time of the last event.
    private var now = NIODeadline.uptimeNanoseconds(0)
    /// The highest numbers in the probes that were passed on, as they had come: the newest and those before.
    private var passed: (newer: [Passed: UInt64], older: [Passed: UInt64]) = ([:], [:])

    private struct Passed: Hashable {
        let source: Source
        let round: UInt64
    }

    /// How often each link is probed, once it is up.
    static let interval = TimeAmount.seconds(30)
    /// A link rests as long as probes say so, of which one or two may get lost.
    private static let memory = TimeAmount.seconds(75)
    private static let maxHops = 16
    /// The most sources that are remembered for a link, and the most probes that are remembered as passed on.
    private static let maxSources = 256

    init(own: UInt64) { self.own = own }

    /// Whether probes have come along a link that may rest.
    var mayHaveCycles: Bool { links.values.contains { !$0.arrivals.isEmpty || $0.isResting } }

    var restingCount: Int { links.values.count { $0.isResting } }

    func source(of id: MeshLinkID) -> Source? {
        links[id].flatMap { $0.isForeign ? Source(broker: own, link: $0.number) : nil }
    }

    // MARK: Events

    /// A link is up. Gives the probes that are to be sent: with two links there may be a cycle.
    mutating func join(_ id: MeshLinkID, isForeign: Bool, now: NIODeadline) -> [Sending] {
        links[id] = Link(number: UInt64(id.number), isForeign: isForeign)
        return probe(now: now)
    }

    mutating func leave(_ id: MeshLinkID) { links[id] = nil }

    /// Probes all links to brokers of other implementations, or one.
    mutating func probe(_ one: MeshLinkID? = nil, now: NIODeadline) -> [Sending] {
        self.now = max(now, self.now)
        // Nothing goes round through the end of a tree.
        guard links.count > 1 else { return [] }
        return links.filter { $0.value.isForeign && (one == nil || one == $0.key) }.map { id, link in
            lastRound += 1
            return Sending(
                link: id, probe: MeshProbe(source: Source(broker: own, link: link.number), round: lastRound))
        }
    }

    /// A probe has come along a link. Gives those that are to be sent now.
    mutating func hear(_ probe: MeshProbe, from id: MeshLinkID, now: NIODeadline) -> [Sending] {
        self.now = max(now, self.now)
        guard let link = links[id] else { return [] }
        var sendings: [Sending] = []
        let key = Passed(source: probe.source, round: probe.round)
        let known = passed.newer[key] ?? passed.older[key]
        if link.isForeign {
            note(probe, id)
            // The sender learns of this broker at once.
            if probe.source.broker != own, links[id]?.answered.count ?? 0 < Self.maxSources,
                links[id]?.answered.insert(probe.source).inserted == true
            {
                sendings += self.probe(id, now: now)
            }
        }
        guard probe.source.broker != own, probe.hops < Self.maxHops, probe.highest < known ?? .max
        else { return sendings }
        // By another way it may come with a lower number. With that it is passed on again.
        passed.newer[key] = probe.highest
        if passed.newer.count >= Self.maxSources { passed = ([:], passed.newer) }
        for (other, target) in links where other != id {
            var next = probe
            next.hops += 1
            if link.isForeign || target.isForeign { next.highest = max(next.highest, own) }
            sendings.append(Sending(link: other, probe: next))
        }
        return sendings
    }

    private mutating func note(_ probe: MeshProbe, _ id: MeshLinkID) {
        guard let link = links[id] else { return }
        if probe.source.broker == own {
            // Of two links of this broker the newer rests.
            guard probe.highest == own, probe.source.link < link.number else { return }
        } else {
            // One that has this broker's number in it was passed on here: its own probes find that cycle.
            guard probe.highest < own else { return }
        }
        guard link.arrivals[probe.source] != nil || link.arrivals.count < Self.maxSources else { return }
        links[id]?.arrivals[probe.source] = now
    }

    // MARK: Decisions

    /// What changes for links, given which links of other brokers of ours are reached over brokers of ours only.
    mutating func review(reaches: (Source) -> Bool) -> [(link: MeshLinkID, isResting: Bool)] {
        var changes: [(link: MeshLinkID, isResting: Bool)] = []
        let own = Set(links.values.filter(\.isForeign).map(\.number))
        for (id, link) in links where !link.arrivals.isEmpty || link.isResting {
            let recent = link.arrivals.filter { now - $0.value < Self.memory }
            let isResting = recent.keys.contains {
                $0.broker == self.own ? own.contains($0.link) : reaches($0)
            }
            links[id]?.arrivals = recent
            links[id]?.isResting = isResting
            if isResting != link.isResting { changes.append((id, isResting)) }
        }
        return changes
    }
}
