import Foundation
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
    /// What is to be done for a link, on its event loop.
    enum Action {
        case interest(MeshTable.Action)
        case probe(MeshProbe)
        case rest(Bool)
    }

    private struct Linked {
        let session: Session
        var actions: [Action] = []
        var isWoken = false
    }

    private struct Tenant {
        var table: MeshTable
        var cycles: MeshCycles
    }

    /// This broker, to others.
    let own: UInt64
    /// Publications that have come from other brokers.
    let seen = SeenPublications()
    let totals = MeshTotals()
    private let isUsed = Atomic<Bool>(false)
    /// What links may know goes by these. Behind a lock of its own: tables ask for it.
    private let rules: NIOLockedValueBox<AccessRules>
    private let lock = NIOLock()
    private var tenants: [UInt32: Tenant] = [:]
    private var links: [MeshLinkID: Linked] = [:]
    /// The links that this broker cannot make at the moment, by URL.
    private var down: [String: BrokerStatus.Link] = [:]
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
        return lock.withLock { tenants[tenant] != nil }
    }

    /// Whether there is, or was, a link to another broker.
    var isInUse: Bool { isUsed.load(ordering: .acquiring) }

    /// The tenants whose components' interests are counted.
    var trackedTenants: [UInt32] {
        guard isInUse else { return [] }
        return lock.withLock { Array(tenants.keys) }
    }

    // MARK: Components

    /// Begins to count the interests of a tenant, with those that its components have now. Under the routing tables' lock.
    func track(_ tenant: UInt32, _ interests: [(interest: MeshInterest, messageFrom: Double)]) {
        lock.withLock {
            guard tenants[tenant] == nil else { return }
            var table = MeshTable(own: own)
            for entry in interests { _ = table.change(entry.interest, by: 1, messageFrom: entry.messageFrom) }
            tenants[tenant] = Tenant(table: table, cycles: MeshCycles(own: own))
        }
        isUsed.store(true, ordering: .releasing)
    }

    /// Components of a tenant have an interest more or less. Under the routing tables' lock.
    func change(_ interest: MeshInterest, of tenant: UInt32, by count: Int, messageFrom: Double = 0) {
        guard isInUse else { return }
        update(tenant) { $0.table.change(interest, by: count, messageFrom: messageFrom) }
    }

    // MARK: Links

    /// A link is up. Gives what it is to be told; what changes for others is on its way to them.
    func join(_ link: MeshTable.Link, _ session: Session, of tenant: UInt32, name: String) -> [MeshTable.Action] {
        let now = session.lane.now
        return lock.withLock {
            links[link.id] = Linked(session: session)
            let rest = former.removeValue(forKey: name) ?? []
            let actions = tenants[tenant]?.table.join(link) ?? []
            let told = tenants[tenant]?.table.told(link.id) ?? []
            queue(actions.filter { $0.link != link.id })
            queue(tenants[tenant]?.cycles.join(link.id, isForeign: !link.tellsPaths, now: now) ?? [])
            if let source = tenants[tenant]?.cycles.source(of: link.id) {
                queue(tenants[tenant]?.table.change(source.interest, by: 1) ?? [])
            }
            review(tenant)
            return rest.subtracting(told).map { .untell(link.id, $0, path: [own]) }
                + actions.filter { $0.link == link.id }
        }
    }

    /// A link is gone, with what it has said.
    func leave(_ link: MeshTable.Link, of tenant: UInt32, name: String) {
        lock.withLock {
            guard links.removeValue(forKey: link.id) != nil else { return }
            let told = link.tellsPaths ? [] : tenants[tenant]?.table.told(link.id) ?? []
            if !told.isEmpty, former.count < Self.maxFormerLinks || former[name] != nil { former[name] = told }
            queue(tenants[tenant]?.table.leave(link.id) ?? [])
            if let source = tenants[tenant]?.cycles.source(of: link.id) {
                queue(tenants[tenant]?.table.change(source.interest, by: -1) ?? [])
            }
            tenants[tenant]?.cycles.leave(link.id)
            review(tenant)
        }
    }

    func identify(_ link: MeshLinkID, of tenant: UInt32, as broker: UInt64) {
        update(tenant) { $0.table.identify(link, as: broker) }
    }

    func hear(_ interest: MeshInterest, from link: MeshLinkID, of tenant: UInt32, path: [UInt64], messageFrom: Double) {
        update(tenant) { $0.table.hear(interest, from: link, path: path, messageFrom: messageFrom) }
    }

    func forget(_ interest: MeshInterest, from link: MeshLinkID, of tenant: UInt32, origin: UInt64) {
        update(tenant) { $0.table.forget(interest, from: link, origin: origin) }
    }

    func hasHeard(_ interest: MeshInterest, from link: MeshLinkID, of tenant: UInt32) -> Bool {
        lock.withLock { tenants[tenant]?.table.hasHeard(interest, from: link) ?? false }
    }

    /// How many interests the other end of a link has, and how many it was told.
    func counts(_ link: MeshLinkID, of tenant: UInt32) -> (heard: Int, told: Int) {
        lock.withLock { tenants[tenant]?.table.counts(link) } ?? (0, 0)
    }

    // MARK: Cycles

    /// A probe has come along a link.
    func hear(_ probe: MeshProbe, from link: MeshLinkID, of tenant: UInt32, now: NIODeadline) {
        updateCycles(tenant) { $0.hear(probe, from: link, now: now) }
    }

    /// Sends a probe along a link. Called regularly for each link to a broker of another implementation.
    func probe(_ link: MeshLinkID, of tenant: UInt32, now: NIODeadline) {
        updateCycles(tenant) { $0.probe(link, now: now) }
    }

    private func updateCycles(_ tenant: UInt32, _ event: (inout MeshCycles) -> [MeshCycles.Sending]) {
        lock.withLock {
            guard var entry = tenants.removeValue(forKey: tenant) else { return }
            let sendings = event(&entry.cycles)
            tenants[tenant] = entry
            queue(sendings)
            review(tenant)
        }
    }

    /// Decides which links rest. Under the lock.
    private func review(_ tenant: UInt32) {
        guard var entry = tenants.removeValue(forKey: tenant) else { return }
        let changes = entry.cycles.review { entry.table.reaches($0.interest) }
        for change in changes {
            queue([.rest(change.isResting)], change.link)
            queue(entry.table.rest(change.link, change.isResting))
        }
        tenants[tenant] = entry
    }

    // MARK: Status

    /// A link that this broker tries to make is down, or, without a problem, up.
    func noteDialed(_ url: String, name: String, problem: String?) {
        lock.withLock {
            guard let problem else {
                down[url] = nil
                return
            }
            down[url] = BrokerStatus.Link(
                name: name, url: url, state: .down, since: down[url]?.since ?? .now, problem: problem, heard: 0,
                told: 0,
                received: 0, dropped: 0, sent: 0, backlogBytes: 0, inFlight: 0)
        }
    }

    var downLinks: [BrokerStatus.Link] { lock.withLock { Array(down.values) } }

    /// How many links are in each state.
    var linkCounts: [BrokerStatus.Link.State: Int] {
        lock.withLock {
            let resting = tenants.values.reduce(0) { $0 + $1.cycles.restingCount }
            return [.connected: links.count - resting, .resting: resting, .down: down.count]
        }
    }

    // MARK: Rights

    /// Whether the other end of a link may know of an interest. A pattern brings what is allowed, so it is hidden only when all
    /// that it matches is private.
    func mayKnow(_ principal: Principal, _ interest: MeshInterest) -> Bool {
        rules.withLockedValue { rules in
            guard rules.hasPrivateTopics else { return true }
            switch interest.kind {
            case .method: return rules.allows(principal, .call, interest.text.string)
            case .subscription:
                return interest.samples.contains { sample in
                    rules.allows(principal, .subscribe, sample) || rules.allows(principal, .publish, sample)
                }
            case .link: return true
            }
        }
    }

    /// The rules have changed, and with them what links may know.
    func adopt(_ rules: AccessRules) {
        self.rules.withLockedValue { $0 = rules }
        guard isInUse else { return }
        lock.withLock {
            for tenant in tenants.keys where tenants[tenant]?.table.hasLinks == true {
                queue(tenants[tenant]?.table.reviewAll() ?? [])
            }
        }
    }

    // MARK: Actions

    /// What is to be done for a link, in order. On its event loop.
    func takeActions(_ link: MeshLinkID) -> [Action] {
        lock.withLock {
            guard let actions = links[link]?.actions else { return [] }
            links[link]?.actions = []
            links[link]?.isWoken = false
            return actions
        }
    }

    /// Lets go of sessions: the broker has ended.
    func forgetAll() {
        lock.withLock { (tenants, links) = ([:], [:]) }
    }

    private func update(_ tenant: UInt32, _ event: (inout Tenant) -> [MeshTable.Action]) {
        lock.withLock {
            // Taken out, so that the event changes it in place.
            guard var entry = tenants.removeValue(forKey: tenant) else { return }
            let actions = event(&entry)
            tenants[tenant] = entry
            queue(actions)
            if entry.cycles.mayHaveCycles { review(tenant) }
        }
    }

    // Under the lock.

    private func queue(_ actions: [MeshTable.Action]) {
        for action in actions { queue([.interest(action)], action.link) }
    }

    private func queue(_ sendings: [MeshCycles.Sending]) {
        for sending in sendings { queue([.probe(sending.probe)], sending.link) }
    }

    private func queue(_ actions: [Action], _ link: MeshLinkID) {
        guard var linked = links.removeValue(forKey: link) else { return }
        linked.actions += actions
        let session = linked.session
        if !linked.isWoken {
            linked.isWoken = true
            session.lane.eventLoop.execute { session.performMeshActions() }
        }
        links[link] = linked
    }
}
