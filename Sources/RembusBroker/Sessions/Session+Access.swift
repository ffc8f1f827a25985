import Logging
import RembusListening
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
    /// - Parameter other: The component that the refused command was about, when it is not the one that asks.
    func deny(_ action: TrustAction, _ topic: String, for other: String? = nil) {
        core.counters.denied.wrappingAdd(1, ordering: .relaxed)
        let host = gateway.asker.map { PeerAddress.host(of: $0()) }
        guard denials.isNew([host, action.rawValue, other, topic], isShared: host != nil, now: lane.now) else { return }
        report(.denied(action, topic: topic, for: other, others: lane.denialLog.take(lane.now)?.skipped))
    }
}
