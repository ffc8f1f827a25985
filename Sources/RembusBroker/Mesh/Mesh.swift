import NIOConcurrencyHelpers
import NIOCore
import RembusTrust
import RembusWire
import Synchronization

/// What this broker and the brokers that it is linked with tell each other: a table for each tenant that has a link, and the
/// links that their actions go to.
///
/// Events come on any thread; those of components come under the routing tables' lock, so nothing here asks those tables for
/// anything. Actions are queued for their link under the lock, and carried out in that order on the link's event loop.
/// Everything mutable is guarded by `lock`, hence unchecked.
final class Mesh: @unchecked Sendable {
    private struct Linked {
        let session: Session
        /// What is to be done on its event loop.
        var actions: [MeshTable.Action] = []
        var isWoken = false
    }

    /// This broker, to others.
    let own: UInt64
    /// Publications that have come from other brokers.
    let seen = SeenPublications()
    private let isUsed = Atomic<Bool>(false)
    /// What links may know goes by these. Behind a lock of its own: tables ask for it.
    private let rules: NIOLockedValueBox<AccessRules>
    private let lock = NIOLock()
    private var tables: [UInt32: MeshTable] = [:]
    private var links: [MeshLinkID: Linked] = [:]
    /// What brokers that keep what they are told were told when they were last there, by the name of the link.
    private var former: [String: Set<MeshInterest>] = [:]

    /// Names of links that are gone and remembered; others start afresh.
    private static let maxFormerLinks = 1024

    init(own: UInt64, rules: AccessRules) {
        self.own = own
        self.rules = NIOLockedValueBox(rules)
    }

    /// Whether the interests of a tenant's components are counted.
    @inline(__always)
    func tracks(_ tenant: UInt32) -> Bool {
        guard isInUse else { return false }
        return lock.withLock { tables[tenant] != nil }
    }

    /// Whether there is, or was, a link to another broker.
    var isInUse: Bool { isUsed.load(ordering: .acquiring) }

    /// The tenants whose components' interests are counted.
    var trackedTenants: [UInt32] {
        guard isInUse else { return [] }
        return lock.withLock { Array(tables.keys) }
    }

    // MARK: Components

    /// Begins to count the interests of a tenant, with those that its components have now. Under the routing tables' lock.
    func track(_ tenant: UInt32, _ interests: [(interest: MeshInterest, messageFrom: Double)]) {
        lock.withLock {
            guard tables[tenant] == nil else { return }
            var table = MeshTable(own: own)
            for entry in interests { _ = table.change(entry.interest, by: 1, messageFrom: entry.messageFrom) }
            tables[tenant] = table
        }
        isUsed.store(true, ordering: .releasing)
    }

    /// Components of a tenant have an interest more or less. Under the routing tables' lock.
    func change(_ interest: MeshInterest, of tenant: UInt32, by count: Int, messageFrom: Double = 0) {
        guard isInUse else { return }
        update(tenant) { $0.change(interest, by: count, messageFrom: messageFrom) }
    }

    // MARK: Links

    /// A link is up. Gives what it is to be told; what changes for others is on its way to them.
    func join(_ link: MeshTable.Link, _ session: Session, of tenant: UInt32, name: String) -> [MeshTable.Action] {
        lock.withLock {
            links[link.id] = Linked(session: session)
            let rest = former.removeValue(forKey: name) ?? []
            let actions = tables[tenant]?.join(link) ?? []
            let told = tables[tenant]?.told(link.id) ?? []
            queue(actions.filter { $0.link != link.id })
            return rest.subtracting(told).map { .untell(link.id, $0, path: [own]) }
                + actions.filter { $0.link == link.id }
        }
    }

    /// A link is gone, with what it has said.
    func leave(_ link: MeshTable.Link, of tenant: UInt32, name: String) {
        lock.withLock {
            guard links.removeValue(forKey: link.id) != nil else { return }
            let told = link.tellsPaths ? [] : tables[tenant]?.told(link.id) ?? []
            if !told.isEmpty, former.count < Self.maxFormerLinks || former[name] != nil { former[name] = told }
            queue(tables[tenant]?.leave(link.id) ?? [])
        }
    }

    func identify(_ link: MeshLinkID, of tenant: UInt32, as broker: UInt64) {
        update(tenant) { $0.identify(link, as: broker) }
    }

    func hear(_ interest: MeshInterest, from link: MeshLinkID, of tenant: UInt32, path: [UInt64], messageFrom: Double) {
        update(tenant) { $0.hear(interest, from: link, path: path, messageFrom: messageFrom) }
    }

    func forget(_ interest: MeshInterest, from link: MeshLinkID, of tenant: UInt32, origin: UInt64) {
        update(tenant) { $0.forget(interest, from: link, origin: origin) }
    }

    func hasHeard(_ interest: MeshInterest, from link: MeshLinkID, of tenant: UInt32) -> Bool {
        lock.withLock { tables[tenant]?.hasHeard(interest, from: link) ?? false }
    }

    /// How many interests the other end of a link has, and how many it was told.
    func counts(_ link: MeshLinkID, of tenant: UInt32) -> (heard: Int, told: Int) {
        lock.withLock { tables[tenant]?.counts(link) } ?? (0, 0)
    }

    // MARK: Rights

    /// Whether the other end of a link may know of an interest. A pattern brings what is allowed.
    func mayKnow(_ principal: Principal, _ interest: MeshInterest) -> Bool {
        guard !interest.isPattern else { return true }
        return rules.withLockedValue { rules in
            rules.allows(principal, interest.kind == .method ? .call : .subscribe, interest.text.string)
                || interest.kind == .subscription && rules.allows(principal, .publish, interest.text.string)
        }
    }

    /// The rules have changed, and with them what links may know.
    func adopt(_ rules: AccessRules) {
        self.rules.withLockedValue { $0 = rules }
        guard isInUse else { return }
        lock.withLock {
            for tenant in tables.keys where tables[tenant]?.hasLinks == true {
                queue(tables[tenant]?.reviewAll() ?? [])
            }
        }
    }

    // MARK: Actions

    /// What is to be done for a link, in order. On its event loop.
    func takeActions(_ link: MeshLinkID) -> [MeshTable.Action] {
        lock.withLock {
            guard let actions = links[link]?.actions else { return [] }
            links[link]?.actions = []
            links[link]?.isWoken = false
            return actions
        }
    }

    /// Lets go of sessions: the broker has ended.
    func forgetAll() {
        lock.withLock { (tables, links) = ([:], [:]) }
    }

    private func update(_ tenant: UInt32, _ event: (inout MeshTable) -> [MeshTable.Action]) {
        lock.withLock {
            // Taken out, so that the event changes it in place.
            guard var table = tables.removeValue(forKey: tenant) else { return }
            let actions = event(&table)
            tables[tenant] = table
            queue(actions)
        }
    }

    /// Under the lock.
    private func queue(_ actions: [MeshTable.Action]) {
        for action in actions {
            guard var linked = links.removeValue(forKey: action.link) else { continue }
            linked.actions.append(action)
            let session = linked.session
            if !linked.isWoken {
                linked.isWoken = true
                session.lane.eventLoop.execute { session.performMeshActions() }
            }
            links[action.link] = linked
        }
    }
}
