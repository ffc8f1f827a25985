/// A message that a broker of ours sends along a link to a broker of another implementation, to find out where it comes out
/// (see ``MeshCycles``).
///
/// Other implementations know no such message. What they pass on through their whole mesh is that somebody subscribes, so it
/// is the subscription to a topic with this text, which is withdrawn at once.
struct MeshProbe: Equatable, Sendable {
    /// The broker that has sent it first, and the link along which it did.
    let source: MeshCycles.Source
    /// Counts up with each probe of a broker.
    let round: UInt64
    /// The highest number of a broker of ours that it has come by between brokers of other implementations, including the
    /// source.
    var highest: UInt64
    /// How many brokers of ours have passed it on.
    var hops: UInt64 = 0

    private static let prefix = "rembus/mesh/probe/"

    init(source: MeshCycles.Source, round: UInt64) {
        (self.source, self.round, highest) = (source, round, source.broker)
    }

    /// Reads the topic of a probe; nil for any other.
    init?(_ topic: String) {
        guard topic.hasPrefix(Self.prefix) else { return nil }
        let numbers = topic.dropFirst(Self.prefix.count).split(separator: "/", omittingEmptySubsequences: false)
            .map { UInt64($0, radix: 16) }
        guard numbers.count == 5, let broker = numbers[0], let link = numbers[1], let round = numbers[2],
            let highest = numbers[3], let hops = numbers[4]
        else { return nil }
        source = MeshCycles.Source(broker: broker, link: link)
        (self.round, self.highest, self.hops) = (round, highest, hops)
    }

    var topic: String {
        let numbers = [source.broker, source.link, round, highest, hops]
        return Self.prefix + numbers.map { String($0, radix: 16) }.joined(separator: "/")
    }
}
