import RembusSupport
import RembusTransport
import RembusWire

/// How much the broker holds for components beyond what their messages need: what they have subscribed and exposed, and
/// what is kept of a name while it is away. Bounded in all and by who answers for it, so that nobody uses up the memory by
/// being many. Guarded by the routing tables' lock.
struct RegistrationLedger {
    /// Who answers for a state: whoever has proven who it is, and for everybody else the address.
    enum Owner: Hashable {
        case user(ExactText)
        case address(AddressKey)
        /// A peer without an address, such as that of a Unix socket, or one that is not known any more.
        case local

        var isProven: Bool { if case .user = self { true } else { false } }
    }

    /// An amount of what is bounded.
    struct Usage: Equatable {
        /// Names that are remembered while nobody is connected with them.
        var names = 0
        var bytes = 0

        static func + (a: Usage, b: Usage) -> Usage { Usage(names: a.names + b.names, bytes: a.bytes + b.bytes) }
        static func - (a: Usage, b: Usage) -> Usage { Usage(names: a.names - b.names, bytes: a.bytes - b.bytes) }
        static func += (a: inout Usage, b: Usage) { a = a + b }

        func fits(_ limit: Usage) -> Bool { names <= limit.names && bytes <= limit.bytes }
    }

    /// Which limit is in the way.
    enum Shortage {
        /// That of the address or the user.
        case ofOwner
        /// That of all together.
        case ofAll
    }

    private(set) var limit: Usage
    private(set) var ownerLimit: Usage
    private(set) var proven = Usage()
    private(set) var unproven = Usage()
    private var owners: [Owner: Usage] = [:]

    init(_ limits: BrokerLimits) {
        limit = Usage(names: limits.maxOfflineComponents, bytes: limits.maxRememberedBytes)
        ownerLimit = Usage(
            names: limits.maxOfflineComponentsPerAddress, bytes: limits.maxRememberedBytesPerAddress)
    }

    /// Takes over other limits. What is held stays, also when it is more than they allow.
    mutating func adopt(_ limits: BrokerLimits) {
        let other = RegistrationLedger(limits)
        (limit, ownerLimit) = (other.limit, other.ownerLimit)
    }

    /// Most of what is there in all is for everybody; the rest is kept free for those who prove who they are.
    var unprovenLimit: Usage { Usage(names: limit.names, bytes: limit.bytes - limit.bytes / 8) }

    func usage(of owner: Owner) -> Usage { owners[owner] ?? Usage() }

    /// Why `more` cannot be held for an owner; nil when it can. Names with a proof are remembered however many there are:
    /// those who give out keys decide that, except that one user has no more sessions than one address.
    func shortage(of more: Usage, for owner: Owner) -> Shortage? {
        guard more.names > 0 || more.bytes > 0 else { return nil }
        if !(usage(of: owner) + more).fits(ownerLimit) { return .ofOwner }
        if owner.isProven { return (proven + unproven + more).bytes <= limit.bytes ? nil : .ofAll }
        let isFree = (unproven + more).fits(unprovenLimit) && (proven + unproven + more).bytes <= limit.bytes
        return isFree ? nil : .ofAll
    }

    /// Replaces what an owner is charged with for one state.
    mutating func change(_ owner: Owner, from old: Usage, to new: Usage) {
        guard old != new else { return }
        let usage = usage(of: owner) - old + new
        owners[owner] = usage == Usage() ? nil : usage
        if owner.isProven { proven = proven - old + new } else { unproven = unproven - old + new }
    }
}

extension RegistrationLedger {
    /// What a subscription or an exposed method of a connected component takes: its objects, its text in the routes and
    /// in what is being written down. Estimated.
    static func bytes(of topic: some StringProtocol) -> Int {
        var segments = 1
        var isPattern = false
        for byte in topic.utf8 {
            switch byte {
            case UInt8(ascii: "/"): segments += 1
            case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "#"): isPattern = true
            default: break
            }
        }
        // Each segment of a pattern is a node in the index of patterns.
        return 512 + 3 * topic.utf8.count + (isPattern ? 320 * segments : 0)
    }
    /// What is kept of a name beside its record.
    static let bytesOfName = 1024
    /// What one identifier takes that duplicates are recognised by.
    static let bytesOfDuplicate = 96
}
