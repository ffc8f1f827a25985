import Logging
import RembusBroker
import RembusLake
import RembusStore
import RembusTrust

/// Rights in the catalog: changes that others have made there are taken over, and changes made here are written there.
extension StorageComposer {
    /// Takes over the rights that a broker of the reference, or a tool for one, has left in the catalog, and from now
    /// on keeps a copy of the rights there.
    func connect(_ trust: TrustStore, with lake: Lake, _ state: Lake.StoredState) throws {
        do {
            if let projected = state.projected, !trust.isNew {
                try trust.check(againstPrivateTopics: projected.privateTopics, readOnly: projected.readOnly)
            }
        } catch {
            throw BrokerError("\(error)")
        }
        do {
            try absorb(state, into: trust)
        } catch {
            throw BrokerError("the rights in the catalog cannot be taken over: \(error)")
        }
        trust.onChange { [weak lake] in lake?.projectTrust(ProjectedTrust($0)) }
        let present = ProjectedTrust(trust.document)
        var written = state.projected
        written?.tenants = state.tenants
        let isForeign = !state.administrators.isEmpty || !state.authorizations.isEmpty
        if isForeign || present != written, written != nil || present != ProjectedTrust() { lake.projectTrust(present) }
    }

    /// Does the same when the catalog can be reached, for a broker that has started while it could not. Components are
    /// restored from their copy there, if their file was lost.
    func connectLater(_ trust: TrustStore, with lake: Lake, _ late: LateComponents?) {
        lake.whenOpen { [weak lake] in
            guard let lake else { return }
            do {
                let state = try lake.storedState(withComponents: late != nil)
                if let late, !state.components.isEmpty {
                    logger.notice("\(state.components.count) components come from the copy in the catalog")
                    late.arrive(state.components)
                }
                try connect(trust, with: lake, state)
            } catch {
                logger.error("\(error)")
            }
        }
    }

    private func absorb(_ state: Lake.StoredState, into trust: TrustStore) throws(TrustError) {
        // If no rights were ever stored here, the copy in the catalog is the only one of an earlier run.
        let restored = trust.isNew ? state.projected ?? ProjectedTrust() : ProjectedTrust()
        let administrators = state.administrators + restored.administrators
        guard
            !administrators.isEmpty || !state.tenants.isEmpty || !state.authorizations.isEmpty
                || restored != ProjectedTrust()
        else { return }
        if trust.isNew, state.projected != nil {
            logger.notice("trust.json was missing; the rights are those that the catalog has a copy of")
        }
        // A tenant that was removed while the broker did not run is still in the catalog, with the hash of its pin.
        let tenants = state.tenants.filter { trust.isNew || state.projected == nil || !$0.secret.isPinHash }
        try trust.absorb(
            administrators: administrators, tenants: tenants, authorizations: state.authorizations,
            privateTopics: restored.privateTopics, readOnly: restored.readOnly,
            grants: restored.grants.map { grant in
                Grant(
                    name: grant.name, topic: grant.topic,
                    actions: grant.isComplete ? TrustAction.all : Set(grant.actions.compactMap(TrustAction.init)))
            })
    }
}

extension ProjectedTrust {
    /// Everything is sorted, as it is when it is read back.
    init(_ document: TrustDocument) {
        self.init(
            administrators: document.admins.sorted(), readOnly: document.readOnly.sorted(),
            privateTopics: document.privateTopics.sorted(),
            grants: document.sortedGrants.map { grant in
                let isComplete = grant.actions == TrustAction.all
                return Grant(
                    name: grant.name, topic: grant.topic,
                    actions: isComplete ? [] : grant.actions.map(\.rawValue).sorted(), isComplete: isComplete)
            },
            tenants: document.tenants.sorted().map { ($0.key, $0.value) })
    }
}
