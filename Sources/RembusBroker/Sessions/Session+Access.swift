import Logging
import RembusListening
import RembusTrust
import RembusWire
import Synchronization

/// The rights of this component. Everything that it sends is checked here (known-defects.md S6).
extension Session {
    /// The identity that the rules check. Read on this session's lane, the only one where it changes.
    var principal: Principal {
        Principal(name: state.user, tenant: state.principal.tenant, isProven: isProven)
    }

    func mayUse(_ route: Route, _ action: TrustAction) -> Bool {
        route.rules?.allows(principal, action, route.topic) ?? true
    }

    func may(_ action: TrustAction, _ topic: String) -> Bool {
        tables.rules.allows(principal, action, topic)
    }

    /// The text that a refused component gets.
    func refusalText(_ action: TrustAction, _ topic: String) -> String {
        BrokerText.refused(action, topic, principal, isReadOnly: tables.rules.isReadOnly(principal))
    }

    /// Counts a refusal, and logs the first one for each topic; on a connection that carries the messages of many
    /// clients, the first one for each topic and client address.
    /// - Parameter other: The component that the refused command was about, if that is not the one that asks.
    func deny(_ action: TrustAction, _ topic: String, for other: String? = nil) {
        core.counters.denied.wrappingAdd(1, ordering: .relaxed)
        let host = gateway.asker.map { PeerAddress.host(of: $0()) }
        guard denials.isNew([host, action.rawValue, other, topic], isShared: host != nil, now: lane.now) else { return }
        report(.denied(action, topic: topic, for: other, others: lane.denialLog.take(lane.now)?.skipped))
    }
}
