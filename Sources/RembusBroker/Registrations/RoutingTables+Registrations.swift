import NIOConcurrencyHelpers
import NIOCore
import RembusStore
import RembusSupport
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization

/// Memory held for components within the limits, and which names are forgotten to make room.
///
/// Only disconnected names without a proof are forgotten: those of the same address or, for a component with a proof,
/// those of any address. Names that never came back go first, then those that have been disconnected longest.
extension RoutingTables {
    /// Why `bytes` more cannot be held for a component; nil when they can. Makes room if that helps.
    func shortage(ofBytes bytes: Int, for state: ComponentState) -> RegistrationLedger.Shortage? {
        lock.withLock { makeRoom(for: .init(bytes: bytes), state) }
    }

    /// Charges an exposed method to a component; the method may be routed later.
    func charge(method: String, of state: ComponentState) {
        lock.withLock { charge(state, topic: method, sign: 1) }
    }

    /// Charges what a gateway holds for a component besides its subscriptions, in place of the earlier amount. Returns
    /// why it cannot be held; nil when it can.
    func hold(_ bytes: Int, for state: ComponentState) -> RegistrationLedger.Shortage? {
        lock.withLock {
            let more = RegistrationLedger.Usage(bytes: bytes - state.gatewayBytes)
            if let shortage = makeRoom(for: more, state) { return shortage }
            state.gatewayBytes = bytes
            charge(state, state.charge + more)
            return nil
        }
    }

    /// Adds an action that is called for every disconnected name that is forgotten. It is called under the tables'
    /// lock, so it must not call the tables.
    func whenForgotten(_ action: @escaping @Sendable (String) -> Void) {
        lock.withLock { onForget.append(action) }
    }

    /// The memory held at the moment, for components with and without a proof.
    var registrations: (proven: RegistrationLedger.Usage, unproven: RegistrationLedger.Usage) {
        lock.withLock { (ledger.proven, ledger.unproven) }
    }

    // MARK: Numbers of names, which are never reused

    /// The most names without a proof that get a number. Publications of further ones are stored without their
    /// publisher's name.
    private var maxNumberedNames: Int { max(250_000, 2 * limits.maxOfflineComponents) }

    func number(of name: String, isProven: Bool) -> UInt32 {
        isProven ? store.number(of: name) : store.number(of: name, limit: maxNumberedNames) ?? 0
    }

    /// Whether a name without a proof may use its tenant: the tenant must have a number, or get one.
    func admitsTenant(of name: String) -> Bool {
        store.number(of: NameRules.tenant(of: name), limit: maxNumberedNames) != nil
    }

    // MARK: Under the lock

    func owner(of state: ComponentState) -> RegistrationLedger.Owner {
        if let owner = state.owner { return owner }
        let owner = owner(user: state.principal.isProven ? state.user : nil, host: state.session?.host)
        state.owner = owner
        return owner
    }

    func owner(user: String?, host: String?) -> RegistrationLedger.Owner {
        if let user { return .user(ExactText(user)) }
        return host.flatMap { AddressKey(text: $0) }.map { .address($0) } ?? .local
    }

    /// Changes the charge of a state.
    func charge(_ state: ComponentState, _ usage: RegistrationLedger.Usage) {
        ledger.change(owner(of: state), from: state.charge, to: usage)
        state.charge = usage
    }

    /// Adds a topic to the charge of a state or, with a negative `sign`, takes it away.
    func charge(_ state: ComponentState, topic: String, sign: Int) {
        let bytes = sign * RegistrationLedger.bytes(of: topic)
        charge(state, .init(names: state.charge.names, bytes: max(0, state.charge.bytes + bytes)))
    }

    /// Remembers the state of a name that is disconnected. Returns false when there is no room for it.
    func remember(_ state: ComponentState) -> Bool {
        guard limits.maxOfflineComponents > 0 else { return false }
        state.awaySince = clock.wall()
        state.pack()
        var usage = state.usageWhileAway
        if makeRoom(for: usage - state.charge, state) != nil {
            state.dropHeldMessages()
            state.pack()
            usage = state.usageWhileAway
            guard makeRoom(for: usage - state.charge, state) == nil else {
                counters.notRemembered.wrappingAdd(1, ordering: .relaxed)
                return false
            }
        }
        charge(state, usage)
        offline += 1
        return true
    }

    /// Removes the state of a disconnected name from all tables.
    func forget(_ state: ComponentState) {
        guard let name = state.name, components[ExactText(name)] === state else { return }
        dropKept(state)
        for topic in state.exposed { removeProvider(state, topic) }
        charge(state, .init())
        components[ExactText(name)] = nil
        offline -= 1
        for action in onForget { action(name) }
    }

    private func makeRoom(
        for more: RegistrationLedger.Usage, _ state: ComponentState
    ) -> RegistrationLedger.Shortage? {
        let owner = owner(of: state)
        guard let shortage = ledger.shortage(of: more, for: owner) else { return nil }
        switch owner {
        case .user where shortage == .ofOwner: return shortage
        case .user: forgetUnproven(of: nil)
        case .address, .local: forgetUnproven(of: owner)
        }
        return ledger.shortage(of: more, for: owner)
    }

    /// Forgets some of the disconnected names at once, because the search looks at all of them.
    private func forgetUnproven(of owner: RegistrationLedger.Owner?) {
        let usage = owner.map(ledger.usage(of:)) ?? ledger.unproven
        guard usage.names > 0 else { return }
        let limit = owner == nil ? ledger.limit : ledger.ownerLimit
        let (names, bytes) = (max(1, limit.names / 16), max(1, limit.bytes / 16))
        var freed = RegistrationLedger.Usage()
        for state in unprovenAway(of: owner) {
            freed += state.charge
            counters.forgottenForRoom.wrappingAdd(1, ordering: .relaxed)
            forget(state)
            if freed.names >= names || freed.bytes >= bytes { return }
        }
    }

    /// The disconnected names without a proof, those to be forgotten first at the front.
    private func unprovenAway(of owner: RegistrationLedger.Owner?) -> [ComponentState] {
        var found: [ComponentState] = []
        // A component that is about to be remembered is not among them.
        for state in components.values where state.session == nil && state.charge.names > 0 {
            let its = self.owner(of: state)
            if owner == nil ? !its.isProven : its == owner { found.append(state) }
        }
        return found.sorted { a, b in
            a.hasReturned == b.hasReturned ? a.awaySince < b.awaySince : b.hasReturned
        }
    }

    /// After a start, forgets what exceeds the limits of this run.
    func trim() {
        var counts: [RegistrationLedger.Owner: RegistrationLedger.Usage] = [:]
        var all = RegistrationLedger.Usage()
        // In reverse order, so that those to be kept longest are counted first, and those that exceed a limit are
        // forgotten.
        for state in unprovenAway(of: nil).reversed() {
            let owner = owner(of: state)
            let usage = counts[owner, default: .init()] + state.charge
            guard usage.fits(ledger.ownerLimit), (all + state.charge).fits(ledger.unprovenLimit) else {
                counters.forgottenForRoom.wrappingAdd(1, ordering: .relaxed)
                forget(state)
                continue
            }
            counts[owner] = usage
            all += state.charge
        }
    }

    /// Sets the owner of a component from an earlier run, and the time when it was last connected.
    func setAway(_ state: ComponentState, _ head: ComponentRecord) {
        state.owner = owner(user: head.isProven ? head.user ?? head.name : nil, host: head.host)
        let now = clock.wall()
        let expiry = limits.nameExpiryNanoseconds
        // Nobody could connect while the broker was down. So every name has some time left to come back.
        let earliest = expiry == 0 ? 0 : now - min(now, expiry - min(expiry / 4, Self.grace))
        let lastSeen = head.lastSeen.multipliedReportingOverflow(by: 1_000_000_000)
        state.awaySince = head.lastSeen == 0 || lastSeen.overflow ? now : min(max(lastSeen.partialValue, earliest), now)
    }

    private static let grace: UInt64 = 3_600_000_000_000

    /// Forgets names without a proof that did not come back in time, and names with nothing worth keeping.
    func forgetExpired() {
        lock.withLock {
            let (now, time) = (clock.wall(), clock.uptime())
            let expiry = limits.nameExpiryNanoseconds
            for state in Array(components.values) where state.session == nil {
                state.duplicates.expire(time)
                if state.isForgettable {
                    forget(state)
                } else if expiry > 0, now &- min(now, state.awaySince) >= expiry, !owner(of: state).isProven {
                    counters.expiredNames.wrappingAdd(1, ordering: .relaxed)
                    forget(state)
                }
            }
        }
    }
}

extension BrokerLimits {
    /// The setting `nameExpiry` in nanoseconds; zero for ever.
    var nameExpiryNanoseconds: UInt64 { UInt64(clamping: TimeAmount(nameExpiry).nanoseconds) }
}
