import Synchronization

/// The position of `round_robin` for one topic, shared by all lanes.
final class RoundRobinRotation: Sendable {
    private let next = Atomic<Int>(0)

    func advance() -> Int {
        next.wrappingAdd(1, ordering: .relaxed).oldValue
    }
}

/// The providers of one topic in order of registration. Guarded by the routing tables' lock.
final class ProviderList {
    private(set) var states: [ComponentState] = []
    private var members: Set<ObjectIdentifier> = []
    let rotation = RoundRobinRotation()

    var isEmpty: Bool { states.isEmpty }

    func contains(_ state: ComponentState) -> Bool { members.contains(ObjectIdentifier(state)) }

    /// False when it is one already.
    func add(_ state: ComponentState) -> Bool {
        guard members.insert(ObjectIdentifier(state)).inserted else { return false }
        states.append(state)
        return true
    }

    /// Removes a provider. Returns false when it is none.
    func remove(_ state: ComponentState) -> Bool {
        guard members.remove(ObjectIdentifier(state)) != nil else { return false }
        states.removeAll { $0 === state }
        return true
    }
}

/// The provider that is chosen for a request (behaviour.md §8).
enum ProviderChoice {
    case provider(Session)
    /// Status 44: the requester is the only provider.
    case loopback
    /// Status 43: there are providers, but none can be used now.
    case unavailable
    /// Status 42: nobody provides the topic.
    case unknown

    static func choose(from route: Route, for requester: Session, policy: RoutingPolicy) -> ProviderChoice {
        guard !route.providers.isEmpty else { return .unknown }
        let own = requester.state
        var others = 0
        var usable: [Session] = []
        for provider in route.providers where provider.state !== own {
            others += 1
            guard let session = provider.session, provider.state.tenant == own.tenant else { continue }
            if policy == .firstUp { return .provider(session) }
            usable.append(session)
        }
        guard others > 0 else { return .loopback }
        guard let first = usable.first else { return .unavailable }
        switch policy {
        case .firstUp: return .provider(first)
        case .roundRobin:
            let turn = route.rotation?.advance() ?? 0
            return .provider(usable[Int(UInt(bitPattern: turn) % UInt(usable.count))])
        case .lessBusy:
            var best = first
            var fewest = first.callLoad.load(ordering: .relaxed)
            for session in usable.dropFirst() {
                let load = session.callLoad.load(ordering: .relaxed)
                if load < fewest { (best, fewest) = (session, load) }
            }
            return .provider(best)
        }
    }
}
