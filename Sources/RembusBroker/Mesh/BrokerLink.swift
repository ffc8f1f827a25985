import NIOCore
import RembusTrust
import RembusWire

/// What a session knows of the broker at the other end, when there is one. On the session's event loop only.
final class BrokerLink {
    let id = MeshLinkID.next()
    /// Whether this end has made the connection.
    let isDialed: Bool
    /// Whether the broker at the other end is one of ours, which tells paths and reads trailers.
    let isOurs: Bool
    /// The broker at the other end; until that is known, a number that stands for the link.
    var broker: UInt64
    /// Whether that is known.
    var isIdentified: Bool
    /// What the table was told of the link.
    private(set) var entry: MeshTable.Link?

    /// The patterns that the other end was told, in the order in which it was: each with a number.
    private(set) var patterns = TopicIndex<Int>()
    private var numbers: [ExactText: Int] = [:]
    private var lastNumber = 0
    /// The exact topics that it was told.
    private var topics: Set<ExactText> = []
    /// How often other implementations have said that an origin has an interest: once for each component that has.
    private var said: [Said: Int] = [:]
    /// Whether the link is not used, since there is another way (see ``MeshCycles``).
    var isResting = false
    var echoes = EchoMemory()
    var traffic = LinkTraffic()
    /// The interests of the other end that are in use.
    var attached: Set<MeshInterest> = []
    /// What it has said since the connection was made.
    var confirmed: Set<MeshInterest> = []

    /// What an interest counts that was named in a list, where it stands for any number of components: it stays as long as the
    /// connection.
    private static let listed = 1 << 40

    /// - Parameter broker: The number that the other end has said of itself; nil when it has not yet.
    init(isDialed: Bool, isOurs: Bool, broker: UInt64? = nil) {
        self.isDialed = isDialed
        self.isOurs = isOurs
        isIdentified = broker != nil
        self.broker = broker ?? UInt64.random(in: 1..<(1 << 53))
    }

    func join(mayKnow: @escaping @Sendable (MeshInterest) -> Bool) -> MeshTable.Link {
        let made = MeshTable.Link(id: id, broker: broker, tellsPaths: isOurs, mayKnow: mayKnow)
        entry = made
        return made
    }

    // MARK: What the other end was told

    func noteTold(_ interest: MeshInterest) {
        guard interest.kind == .subscription else { return }
        guard interest.isPattern else {
            topics.insert(interest.text)
            return
        }
        guard numbers[interest.text] == nil else { return }
        lastNumber += 1
        numbers[interest.text] = lastNumber
        patterns.insert(TopicPattern(interest.text.string), element: lastNumber)
    }

    func noteUntold(_ interest: MeshInterest) {
        guard interest.kind == .subscription else { return }
        topics.remove(interest.text)
        guard let number = numbers.removeValue(forKey: interest.text) else { return }
        patterns.remove(TopicPattern(interest.text.string)) { $0 == number }
    }

    /// Whether a text is a pattern that the other end was told.
    func hasTold(pattern: String) -> Bool { numbers[ExactText(pattern)] != nil }

    /// Whether a publication that comes under a pattern is to be taken. Other implementations send one for each pattern, and one
    /// more under the topic itself when they were told that too: one of them is taken, always the same.
    func isWanted(_ topic: String, under pattern: String) -> Bool {
        guard !topics.contains(ExactText(topic)), let number = numbers[ExactText(pattern)] else { return false }
        return firstPattern(of: topic) == number
    }

    /// The number of the oldest pattern that matches a topic; nil when none does.
    func firstPattern(of topic: String) -> Int? {
        guard !patterns.isEmpty else { return nil }
        var first: Int?
        patterns.forEachMatch(of: topic) { number in first = min(first ?? number, number) }
        return first
    }

    /// Whether a publication that is passed on comes back under a pattern and would be taken.
    func comesBack(_ topic: String) -> Bool { !topics.contains(ExactText(topic)) && firstPattern(of: topic) != nil }

    // MARK: What other implementations say

    private struct Said: Hashable {
        let interest: MeshInterest
        let origin: UInt64
    }

    /// True when it is news.
    func heard(_ interest: MeshInterest, of origin: UInt64, isListed: Bool) -> Bool {
        let key = Said(interest: interest, origin: origin)
        let count = said[key, default: 0]
        said[key] = count + (isListed ? Self.listed : 1)
        return count == 0
    }

    /// True when no component of the origin has the interest any more.
    func unheard(_ interest: MeshInterest, of origin: UInt64) -> Bool {
        let key = Said(interest: interest, origin: origin)
        guard let count = said[key] else { return false }
        said[key] = count > 1 ? count - 1 : nil
        return count <= 1
    }
}
