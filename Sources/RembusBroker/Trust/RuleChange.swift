import RembusIdentity
import RembusTrust

/// One change of the rules.
enum RuleChange: Sendable {
    case makePrivate(String)
    case makePublic(String)
    case grant(String, String, Set<TrustAction>)
    case revoke(String, String, Set<TrustAction>)
    case addAdministrator(String)
    case removeAdministrator(String)
    case addTenant(String, String)
    case removeTenant(String)
    case readOnly(String, Bool)

    /// The command's name in the audit log.
    var name: String {
        switch self {
        case .makePrivate: "private_topic"
        case .makePublic: "public_topic"
        case .grant: "grant"
        case .revoke: "revoke"
        case .addAdministrator: "add_admin"
        case .removeAdministrator: "remove_admin"
        case .addTenant: "add_tenant"
        case .removeTenant: "remove_tenant"
        case .readOnly: "read_only"
        }
    }

    /// The details of the change for the audit log, without secrets.
    var details: [String: String] {
        switch self {
        case .makePrivate(let topic), .makePublic(let topic): ["topic": topic]
        case .grant(let name, let topic, let actions), .revoke(let name, let topic, let actions):
            ["cid": name, "topic": topic, "actions": actions.map(\.rawValue).sorted().joined(separator: ",")]
        case .addAdministrator(let name), .removeAdministrator(let name): ["cid": name]
        case .addTenant(let tenant, _), .removeTenant(let tenant): ["tenant": tenant]
        case .readOnly(let name, let status): ["cid": name, "status": "\(status)"]
        }
    }

    /// Throws when a topic or a name cannot be used.
    func check(_ limits: BrokerLimits) throws(TrustError) {
        switch self {
        case .makePrivate(let topic), .makePublic(let topic): try Self.check(topic, limits)
        case .grant(let name, let topic, _), .revoke(let name, let topic, _):
            try Self.check(topic, limits)
            try Self.check(name: name, limits)
        case .addAdministrator(let name), .removeAdministrator(let name), .readOnly(let name, _):
            try Self.check(name: name, limits)
        case .addTenant(let tenant, _), .removeTenant(let tenant):
            guard tenant.utf8.count <= limits.maxNameBytes else {
                throw TrustError(
                    "The tenant's name has more than \(limits.maxNameBytes) bytes (`max_name_bytes`). Use a shorter one."
                )
            }
        }
    }

    private static func check(_ topic: String, _ limits: BrokerLimits) throws(TrustError) {
        guard !topic.isEmpty, topic.utf8.count <= limits.maxTopicBytes else {
            throw TrustError(
                "The topic must have 1 to \(limits.maxTopicBytes) bytes (`max_topic_bytes`). Name one within that.")
        }
    }

    private static func check(name: String, _ limits: BrokerLimits) throws(TrustError) {
        if let refusal = NameRules.refusal(of: name, broker: "", maxBytes: limits.maxNameBytes) {
            throw TrustError(refusal)
        }
    }

    /// Applies the change (behaviour.md §12).
    func apply(to document: inout TrustDocument) {
        switch self {
        case .makePrivate(let topic): document.makePrivate(topic)
        case .makePublic(let topic): document.makePublic(topic)
        case .grant(let name, let topic, let actions): document.authorize(name, topic, actions)
        case .revoke(let name, let topic, let actions): document.revoke(name, topic, actions)
        case .addAdministrator(let name): document.admins.insert(name)
        case .removeAdministrator(let name): document.admins.remove(name)
        case .addTenant(let tenant, let pin): document.tenants[tenant] = PinHash.make(pin).text
        case .removeTenant(let tenant): document.tenants[tenant] = nil
        case .readOnly(let name, true): document.readOnly.insert(name)
        case .readOnly(let name, false): document.readOnly.remove(name)
        }
    }
}
