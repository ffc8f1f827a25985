import RembusIdentity
import RembusTrust
import RembusWire

/// A change of a broker's rules, which can be made in its files or with a command.
enum TrustChange {
    case addTenant(String, pin: String)
    case removeTenant(String)
    case addAdministrator(String)
    case removeAdministrator(String)
    case makePrivate(String)
    case makePublic(String)
    case grant(Grant)
    case revoke(Grant)
    case setReadOnly(String, Bool)

    /// Makes the change. Returns false when it was to remove something that did not exist.
    func apply(to document: inout TrustDocument) -> Bool {
        switch self {
        case .addTenant(let tenant, let pin): document.tenants[tenant] = PinHash.make(pin).text
        case .removeTenant(let tenant): return document.tenants.removeValue(forKey: tenant) != nil
        case .addAdministrator(let name): document.admins.insert(name)
        case .removeAdministrator(let name): return document.admins.remove(name)
        case .makePrivate(let topic): document.privateTopics.insert(topic)
        case .makePublic(let topic): return document.makePublic(topic)
        case .grant(let grant): document.grant(grant.name, grant.topic, grant.actions)
        case .revoke(let grant): return document.revoke(grant.name, grant.topic, grant.actions)
        case .setReadOnly(let name, true): document.readOnly.insert(name)
        case .setReadOnly(let name, false): return document.readOnly.remove(name)
        }
        return true
    }

    /// The message when the change was made.
    var done: String {
        switch self {
        case .addTenant(let tenant, _): "components of the tenant \(quoted(tenant)) can register with this pin"
        case .removeTenant(let tenant): "no more components of the tenant \(quoted(tenant)) can register"
        case .addAdministrator(let name): "\(quoted(name)) is an administrator"
        case .removeAdministrator(let name): "\(quoted(name)) is no administrator any more"
        case .makePrivate(let topic): "\(quoted(topic)) is private"
        case .makePublic(let topic): "\(quoted(topic)) is public, and its grants are forgotten"
        case .grant(let grant): "\(quoted(grant.name)) may \(Self.actions(of: grant)) \(quoted(grant.topic))"
        case .revoke(let grant):
            "\(quoted(grant.name)) has no grant to \(Self.actions(of: grant)) \(quoted(grant.topic)) any more"
        case .setReadOnly(let name, true): "\(quoted(name)) may subscribe and query, and nothing else"
        case .setReadOnly(let name, false): "\(quoted(name)) is not read-only any more"
        }
    }

    private static func actions(of grant: Grant) -> String {
        TrustAction.allCases.filter(grant.actions.contains).map(\.rawValue).joined(separator: ", ")
    }

    /// The message when there was nothing to remove.
    var nothingToTake: String {
        switch self {
        case .removeTenant(let tenant): "there is no tenant \(quoted(tenant))"
        case .removeAdministrator(let name): "\(quoted(name)) is no administrator"
        case .makePublic(let topic): "\(quoted(topic)) is not private"
        case .revoke(let grant): "\(quoted(grant.name)) has no such grant on \(quoted(grant.topic))"
        case .setReadOnly(let name, _): "\(quoted(name)) is not read-only"
        default: "nothing has changed"
        }
    }

    /// The change as a command for a running broker.
    var command: AdministrativeCommand {
        switch self {
        case .addTenant(let tenant, let pin):
            AdministrativeCommand("add_tenant", fields: ["tenant": .text(tenant), "pin": .text(pin)])
        case .removeTenant(let tenant): AdministrativeCommand("remove_tenant", fields: ["tenant": .text(tenant)])
        case .addAdministrator(let name): AdministrativeCommand("add_admin", fields: ["cid": .text(name)])
        case .removeAdministrator(let name): AdministrativeCommand("remove_admin", fields: ["cid": .text(name)])
        case .makePrivate(let topic): AdministrativeCommand("private_topic", topic: topic)
        case .makePublic(let topic): AdministrativeCommand("public_topic", topic: topic)
        case .grant(let grant):
            AdministrativeCommand("grant", topic: grant.topic, fields: Self.fields(of: grant))
        case .revoke(let grant):
            AdministrativeCommand("revoke", topic: grant.topic, fields: Self.fields(of: grant))
        case .setReadOnly(let name, let status):
            AdministrativeCommand("read_only", fields: ["cid": .text(name), "status": .bool(status)])
        }
    }

    private static func fields(of grant: Grant) -> [String: Value] {
        let actions = grant.actions.map(\.rawValue).sorted()
        return ["cid": .text(grant.name), "actions": .array(actions.map { .text($0) })]
    }
}

/// A command for a running broker (protocol.md §8).
struct AdministrativeCommand {
    let name: String
    let topic: String
    let fields: [String: Value]

    /// The topic of commands that are about the broker itself.
    static let brokerTopic = "__config__"

    init(_ name: String, topic: String = brokerTopic, fields: [String: Value] = [:]) {
        (self.name, self.topic, self.fields) = (name, topic, fields)
    }
}
