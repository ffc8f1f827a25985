import NIOCore
import RembusStore
import RembusWire

/// What one member of a group keeps for itself. Used as its subscription is.
final class GroupShare {
    /// What a full connection has not got yet: it cannot go back to the store, which does not say whom a publication was
    /// given to.
    var postponed = CircularBuffer<(publication: RetainedPublication, receivedAt: UInt64)>()
}

/// The members of a group that share a subscription: each publication goes to one of them.
final class SharedGroup: @unchecked Sendable {
    // Constant, and what they point to is used on its own lane only; hence unchecked.
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

    /// Who gets the publication with this receive time: in turn, since those of one lane come 64 apart.
    func choice(_ receivedAt: UInt64) -> Int { Int((receivedAt >> 6) % UInt64(members.count)) }

    func deliver(_ publication: inout Publication, onLane lane: Int) {
        guard publication.record.tenant == tenant else { return }
        let index = choice(publication.record.receivedAt)
        if lanes[index] == lane { targets[index].deliver(&publication) }
    }

    /// Takes the members of groups out of a topic's subscriptions.
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
