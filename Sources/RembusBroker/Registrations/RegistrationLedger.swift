import RembusSupport
import RembusTransport
import RembusWire

/// How much memory the broker holds for components besides their messages: subscriptions, exposed methods, and the
/// state of names that are disconnected. It is limited in all and for each owner, so that nobody can use up the memory
/// with many components. Guarded by the routing tables' lock.
struct RegistrationLedger {
    /// To whom a state is charged: a user who has proven its identity or, without a proof, an address.
    enum Owner: Hashable {
        case user(ExactText)
        case address(AddressKey)
        /// A peer without an address, such as that of a Unix socket, or one whose address is not known any more.
        case local

        var isProven: Bool { if case .user = self { true } else { false } }
    }

    /// Amounts that are limited.
    struct Usage: Equatable {
        /// Names that are remembered while they are disconnected.
        var names = 0
        var bytes = 0

        static func + (a: Usage, b: Usage) -> Usage { Usage(names: a.names + b.names, bytes: a.bytes + b.bytes) }
        static func - (a: Usage, b: Usage) -> Usage { Usage(names: a.names - b.names, bytes: a.bytes - b.bytes) }
        static func += (a: inout Usage, b: Usage) { a = a + b }

        func fits(_ limit: Usage) -> Bool { names <= limit.names && bytes <= limit.bytes }
    }

    /// The limit that is reached.
    enum Shortage {
        /// The limit of the address or the user.
        case ofOwner
        /// The limit of all components together.
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

    /// Takes over other limits. What is held stays, also if it exceeds them.
    mutating func adopt(_ limits: BrokerLimits) {
        let other = RegistrationLedger(limits)
        (limit, ownerLimit) = (other.limit, other.ownerLimit)
    }

    /// The limit for components without a proof. The rest is reserved for those with one.
    var unprovenLimit: Usage { Usage(names: limit.names, bytes: limit.bytes - limit.bytes / 8) }

    func usage(of owner: Owner) -> Usage { owners[owner] ?? Usage() }

    /// Why `more` cannot be held for an owner; nil when it can. The number of names with a proof is not limited in all,
    /// because keys are given out by the operator. But one user has no more sessions than one address may have.
    func shortage(of more: Usage, for owner: Owner) -> Shortage? {
        guard more.names > 0 || more.bytes > 0 else { return nil }
        if !(usage(of: owner) + more).fits(ownerLimit) { return .ofOwner }
        if owner.isProven { return (proven + unproven + more).bytes <= limit.bytes ? nil : .ofAll }
        let isFree = (unproven + more).fits(unprovenLimit) && (proven + unproven + more).bytes <= limit.bytes
        return isFree ? nil : .ofAll
    }

    /// Changes the charge of an owner for one state.
    mutating func change(_ owner: Owner, from old: Usage, to new: Usage) {
        guard old != new else { return }
        let usage = usage(of: owner) - old + new
        owners[owner] = usage == Usage() ? nil : usage
        if owner.isProven { proven = proven - old + new } else { unproven = unproven - old + new }
    }
}

extension RegistrationLedger {
    /// An estimate of what a subscription or an exposed method of a connected component takes: its objects, and its
    /// text in the routes and in the record that is being written.
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
    /// What is kept of a name besides its record, in bytes.
    static let bytesOfName = 1024
    /// The bytes of one id that is kept to recognise duplicates.
    static let bytesOfDuplicate = 96
}
