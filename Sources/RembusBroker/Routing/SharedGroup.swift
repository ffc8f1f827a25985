import NIOCore
import RembusStore
import RembusWire

/// The state of one member of a group. Used where its subscription is used.
final class GroupShare {
    /// Publications that a full connection has not got yet. The member cannot read them from the store, which does not
    /// record which member a publication was given to.
    var postponed = CircularBuffer<(publication: RetainedPublication, receivedAt: UInt64)>()
}

/// The members of a group that share a subscription. Each publication goes to one of them.
final class SharedGroup: @unchecked Sendable {
    // Constant, and the objects are used on their own lanes only; hence unchecked.
    let members: [SubscriptionEntry]
    let text: String
    private let targets: [SubscriptionTarget]
    private let lanes: [Int]

    init(text: String, members: [SubscriptionEntry]) {
        self.text = text
        self.members = members
        targets = members.map(SubscriptionTarget.init)
        lanes = members.map { $0.session.lane.index }
    }

    var tenant: UInt32 { members.first?.tenant ?? 0 }
    var memberLanes: Set<Int> { Set(lanes) }

    /// The index of the member that gets a publication, by its receive time. Members take turns, because receive times
    /// of one lane are at least 64 apart.
    func choice(_ receivedAt: UInt64) -> Int { Int((receivedAt >> 6) % UInt64(members.count)) }

    func deliver(_ publication: inout Publication, onLane lane: Int) {
        guard publication.record.tenant == tenant else { return }
        let index = choice(publication.record.receivedAt)
        if lanes[index] == lane { targets[index].deliver(&publication) }
    }

    /// Removes shared subscriptions from a topic's subscriptions and returns their groups.
    static func groups(in entries: inout [SubscriptionEntry]) -> [SharedGroup] {
        guard entries.contains(where: { $0.subscription.share != nil }) else { return [] }
        struct Key: Hashable {
            var text: ExactText
            var tenant: UInt32
        }
        let shared = entries.filter { $0.subscription.share != nil }
        entries.removeAll { $0.subscription.share != nil }
        return Dictionary(grouping: shared) { Key(text: ExactText($0.subscription.topic), tenant: $0.tenant) }
            .map { SharedGroup(text: $0.key.text.string, members: $0.value) }
    }
}
