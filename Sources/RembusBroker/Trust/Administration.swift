import RembusTrust
import RembusWire

/// A command for administrators, with its fields checked (protocol.md §8 and beyond).
enum Administration: Sendable {
    /// A change of the rules.
    case change(RuleChange)
    /// A change of a component's key.
    case key(KeyChange)
    case privateTopics
    case trust
    case routes
    case connections
    case nodes
    case disconnect(String)
    case load
    case save
    case logLevel(String)
    case shutdown
    /// A known command with a missing field, or one without a usable value.
    case unusable(command: String, String)

    /// nil for a command that everybody may send, or that does not exist.
    init?(_ command: AdminCommand, topic: String, data: Value) {
        switch command {
        case .privateTopic: self = .change(.makePrivate(topic))
        case .publicTopic: self = .change(.makePublic(topic))
        case .authorize(let name): self = .change(.grant(name, topic, Set(TrustAction.allCases)))
        case .unauthorize(let name): self = .change(.revoke(name, topic, Set(TrustAction.allCases)))
        case .other(let name):
            guard let made = Self.make(name, Fields(command: name, topic: topic, map: data.mapValue ?? ValueMap()))
            else { return nil }
            self = made
        default: return nil
        }
    }

    /// The commands by their names on the wire. All of them require an administrator.
    private static func make(_ name: String, _ fields: Fields) -> Administration? {
        switch name {
        case "private_topics_config": .privateTopics
        case "trust_config": .trust
        case "broker_config": .routes
        case "connections": .connections
        case "nodes": .nodes
        case "load_config": .load
        case "save_config": .save
        case "enable_debug": .logLevel("debug")
        case "disable_debug": .logLevel("notice")
        case "log_level": fields.with("level") { .logLevel($0) }
        case "shutdown": .shutdown
        case "disconnect": fields.with("cid") { .disconnect($0) }
        case "grant": fields.withActions { .change(.grant($0, fields.topic, $1)) }
        case "revoke": fields.withActions { .change(.revoke($0, fields.topic, $1)) }
        case "add_admin": fields.with("cid") { .change(.addAdministrator($0)) }
        case "remove_admin": fields.with("cid") { .change(.removeAdministrator($0)) }
        case "add_tenant": fields.with("tenant") { tenant in fields.with("pin") { .change(.addTenant(tenant, $0)) } }
        case "remove_tenant": fields.with("tenant") { .change(.removeTenant($0)) }
        case "read_only":
            fields.with("cid") { name in
                fields.map["status"]?.boolValue.map { .change(.readOnly(name, $0)) }
                    ?? fields.unusable("`status` must be true or false")
            }
        case "set_secret": fields.with("cid") { name in fields.with("secret") { .key(.secret(name, $0)) } }
        case "remove_key": fields.with("cid") { .key(.remove($0)) }
        default: nil
        }
    }

    /// The fields of a command.
    private struct Fields {
        let command: String
        let topic: String
        let map: ValueMap

        func unusable(_ text: String) -> Administration { .unusable(command: command, text) }

        func with(_ key: String, _ make: (String) -> Administration) -> Administration {
            guard let text = map[key]?.stringValue, !text.isEmpty else {
                return unusable("the field `\(key)` must be a text")
            }
            return make(text)
        }

        /// A field that does not belong to the command. Without this check a misspelt `actions` would mean all actions.
        private var strayField: Administration? {
            let known = ["cmd", "cid", "actions", AdminCommand.Field.routeMarks, AdminCommand.Field.touchedNames]
            guard let stray = map.first(where: { !known.contains($0.key.stringValue ?? "") }) else { return nil }
            return unusable("the field `\(stray.key)` does not belong to this command; there are cid and actions")
        }

        /// Reads a name and a set of actions, which are all if none are given.
        func withActions(_ make: (String, Set<TrustAction>) -> Administration) -> Administration {
            with("cid") { name in
                if let stray = strayField { return stray }
                // A missing field means all actions. Null does not, because it must not grant more than a list would.
                guard let list = map["actions"] else { return make(name, Set(TrustAction.allCases)) }
                let actions = list.arrayValue?.map { $0.stringValue.flatMap(TrustAction.init) } ?? [nil]
                let known = actions.compactMap { $0 }
                guard known.count == actions.count, !known.isEmpty else {
                    let names = TrustAction.allCases.map(\.rawValue).joined(separator: ", ")
                    return unusable("`actions` must be a list of: \(names)")
                }
                return make(name, Set(known))
            }
        }
    }

    /// The command's name in the audit log.
    var name: String {
        switch self {
        case .change(let change): change.name
        case .key(.secret): "set_secret"
        case .key(.remove): "remove_key"
        case .privateTopics: "private_topics_config"
        case .trust: "trust_config"
        case .routes: "broker_config"
        case .connections: "connections"
        case .nodes: "nodes"
        case .disconnect: "disconnect"
        case .load: "load_config"
        case .save: "save_config"
        case .logLevel: "log_level"
        case .shutdown: "shutdown"
        case .unusable(let command, _): command
        }
    }
}

/// A change of a component's key by an administrator.
enum KeyChange: Sendable {
    case secret(String, String)
    case remove(String)

    var name: String {
        switch self {
        case .secret(let name, _), .remove(let name): name
        }
    }
}
