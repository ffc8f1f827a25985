import Logging
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization

/// What this component may do: the one place where rules are asked for what it sends (known-defects.md S6).
extension Session {
    /// Who the rules see. Read on this session's lane, where alone it changes.
    var principal: Principal {
        Principal(name: state.user, tenant: state.principal.tenant, isProven: isProven)
    }

    func mayUse(_ route: Route, _ action: TrustAction) -> Bool {
        route.rules?.allows(principal, action, route.topic) ?? true
    }

    func may(_ action: TrustAction, _ topic: String) -> Bool {
        tables.rules.allows(principal, action, topic)
    }

    /// What a refused component is told.
    func refusalText(_ action: TrustAction, _ topic: String) -> String {
        BrokerText.refused(action, topic, principal, isReadOnly: tables.rules.isReadOnly(principal))
    }

    /// Counts a refusal, and writes the first one of a topic down; where a connection carries the messages of many, that of
    /// each host.
    func deny(_ action: TrustAction, _ topic: String) {
        core.counters.denied.wrappingAdd(1, ordering: .relaxed)
        let mark = asker.map { "\(PeerAddress.host(of: $0())) \(topic)" } ?? topic
        guard deniedTopics.count < Self.maxDeniedTopics, deniedTopics.insert(mark).inserted else { return }
        report(.denied(action, topic: topic, others: lane.denialLog.take(lane.now)?.skipped))
    }

    private static let maxDeniedTopics = 64
}
