import NIOConcurrencyHelpers
import RembusTrust
import RembusWire

/// The contents of the tables as lists.
extension RoutingTables {
    /// Who exposes and who subscribes what, by topic, for administrators (protocol.md §8, `broker_config`).
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
}
