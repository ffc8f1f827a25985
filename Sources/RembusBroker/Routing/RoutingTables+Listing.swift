import NIOConcurrencyHelpers
import RembusTrust
import RembusWire

/// The contents of the tables as lists.
extension RoutingTables {
    /// The lists in the answer to a login, sorted: topics that other components provide, and topics that they subscribe
    /// to (protocol.md §9.1).
    ///
    /// Only brokers use the lists, so a plain component gets empty ones once there are too many topics.
    func exports(for state: ComponentState, isBroker: Bool) -> Value {
        lock.withLock {
            let count = providers.count + exact.count + patternTopics.count + handlers.count
            guard isBroker || count <= Self.maxListedTopics else { return .array([.array([]), .array([])]) }
            let rules = currentRules
            func mayKnow(_ topic: ExactText) -> Bool {
                rules.allows(state.principal, .call, topic.string)
                    || rules.allows(state.principal, .subscribe, topic.string)
            }
            // Tables of other tenants are not visible.
            var provided = Set(handlers.filter { $0.value.isOffered(to: state.principal.tenant) }.keys)
            for (topic, list) in providers
            where list.states.contains(where: { $0 !== state && $0.tenant == state.tenant }) { provided.insert(topic) }
            var wanted = Set<ExactText>()
            for (topic, targets) in exact
            where targets.contains(where: { $0.state !== state && $0.tenant == state.tenant }) {
                wanted.insert(topic)
            }
            patterns.forEach { target in
                if target.tenant == state.tenant, target.state !== state {
                    wanted.insert(ExactText(target.subscription.matched))
                }
            }
            provided.subtract(BuiltIns.unlisted.map { ExactText($0) })
            if rules.hasPrivateTopics {
                provided = provided.filter(mayKnow)
                wanted = wanted.filter(mayKnow)
            }
            return .array([
                .array(provided.sorted().map { .text($0.string) }), .array(wanted.sorted().map { .text($0.string) }),
            ])
        }
    }

    /// Which components expose and subscribe to what, by topic, for administrators (protocol.md §8, `broker_config`).
    func listing() -> Value {
        lock.withLock {
            var subscribers: [ExactText: [String]] = [:]
            for (topic, targets) in exact { subscribers[topic] = targets.map(\.state.label) }
            patterns.forEach { target in
                subscribers[ExactText(target.subscription.topic), default: []].append(target.state.label)
            }
            return .map([
                "exposers": Self.listing(providers.mapValues { $0.states.map(\.label) }),
                "subscribers": Self.listing(subscribers),
            ])
        }
    }

    private static func listing(_ names: [ExactText: [String]]) -> Value {
        .map(
            ValueMap(
                uniqueKeysWithValues: names.sorted { $0.key < $1.key }.map {
                    ($0.key.string, .array($0.value.sorted().map { .text($0) }))
                }))
    }

    private static let maxListedTopics = 4096
}
