import NIOCore
import NIOHTTP1
import RembusBroker
import RembusTrust
import RembusWire

/// Commands of administrators. Commands that read use GET; those that change something accept POST only
/// (known-defects.md S19).
extension EndpointTable {
    static let administration: [Endpoint] =
        [
            topicCommand("private_topic", "/private_topic/{topic}", "Make a topic private"),
            topicCommand("public_topic", "/public_topic/{topic}", "Make a topic public"),
            topicCommand("authorize", "/authorize/{cid}/{topic}", "Let a component use a private topic"),
            topicCommand("unauthorize", "/unauthorize/{cid}/{topic}", "Take that right away"),
            reading("broker_config", "Who exposes and who subscribes what"),
            reading("private_topics_config", "Private topics and who may use them"),
            reading("trust_config", "Administrators, tenants, grants and private topics"),
            reading("connections", "The connections that are open"),
            reading("nodes", "This broker, and its links to others"),
        ] + changes

    private static let name = Endpoint.Member(name: "cid", form: .name, isRequired: true, text: "the component")
    private static let topic = Endpoint.Member(name: "topic", form: .topic, isRequired: true, text: "the topic")
    private static let actions = Endpoint.Member(
        name: "actions", form: .some(TrustAction.allCases.map(\.rawValue)), isRequired: false,
        text: "what it is about; everything when the member is left out")
    private static let tenant = Endpoint.Member(name: "tenant", form: .name, isRequired: true, text: "its name")

    private static func member(_ name: String, _ form: Endpoint.Member.Form, _ text: String) -> Endpoint.Member {
        Endpoint.Member(name: name, form: form, isRequired: true, text: text)
    }

    private static let changes: [Endpoint] = [
        change("load_config", "Read the rules again"),
        change("save_config", "Does nothing: every change is on the disk before it is answered"),
        change("enable_debug", "Log everything"),
        change("disable_debug", "Log what is noteworthy"),
        change(
            "log_level", "Say how much is logged",
            [
                member(
                    "level", .one(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
                    "the least that is logged")
            ]),
        change("shutdown", "Stop the broker"),
        change("disconnect", "End the connection of a component", [name]),
        change("grant", "Grant actions on a private topic", [name, topic, actions]),
        change("revoke", "Take grants away", [name, topic, actions]),
        change("add_admin", "Make a component an administrator", [name]),
        change("remove_admin", "Take that away", [name]),
        change(
            "add_tenant", "Let components of a tenant register", [tenant, member("pin", .text(1...4096), "its pin")]),
        change("remove_tenant", "Forget a tenant's pin", [tenant]),
        change(
            "read_only", "Say whether a component may only listen and query",
            [name, member("status", .flag, "whether it may only read")]),
        change(
            "set_secret", "Set the shared secret of a component",
            [name, member("secret", .text(16...4096), "the secret: one line")]),
        change("remove_key", "Forget the key of a component", [name]),
    ]

    // MARK: Endpoints

    private static func reading(_ command: String, _ summary: String) -> Endpoint {
        Endpoint(.GET, "/admin/\(command)", command, summary) { endpoint in
            endpoint.answer = .result
            endpoint.takesAdministrator = true
        } serve: { exchange, _ in
            send(exchange, topic: "__config__", ["cmd": .text(command)])
        }
    }

    private static func change(
        _ command: String, _ summary: String, _ members: [Endpoint.Member] = []
    ) -> Endpoint {
        Endpoint(.POST, "/admin/\(command)", command, summary) { endpoint in
            endpoint.body = members.isEmpty ? .none : .object(members)
            endpoint.takesAdministrator = true
        } serve: { exchange, _ in
            do throws(HTTPFailure) {
                var data = try exchange.object(with: members)
                let topic = data["topic"]?.stringValue ?? "__config__"
                data["topic"] = nil
                data["cmd"] = .text(command)
                send(exchange, topic: topic, data)
            } catch {
                exchange.fail(error)
            }
        }
    }

    private static func topicCommand(_ command: String, _ path: String, _ summary: String) -> Endpoint {
        Endpoint(.POST, path, command, summary) { endpoint in
            endpoint.takesAdministrator = true
        } serve: { exchange, match in
            var data: ValueMap = ["cmd": .text(command)]
            if let name = match.parameters["cid"] { data["cid"] = .text(name) }
            send(exchange, topic: match.topic, data)
        }
    }

    private static func send(_ exchange: Exchange, topic: String, _ data: ValueMap) {
        let format: ResultFormat
        do throws(HTTPFailure) {
            format = try ResultFormat(of: exchange)
        } catch {
            return exchange.fail(error)
        }
        exchange.asIdentity { identity in
            identity.administer(topic: topic, .map(data), from: exchange) { outcome in
                if case .answered(.ok, let data) = outcome, data.isNull { return exchange.respond() }
                exchange.respond(outcome, format)
            }
        }
    }
}

extension Exchange {
    /// The JSON object in the body. It must have the required members, and no unknown ones.
    fileprivate func object(with members: [Endpoint.Member]) throws(HTTPFailure) -> ValueMap {
        var map = ValueMap()
        if let body, body.readableBytes > 0 {
            do throws(WireError) {
                let value = try Value(json: body, limits: pool.decodingLimits)
                guard let object = value.mapValue else { throw HTTPFailure.wrapped }
                map = object
            } catch {
                throw .malformed("the body must be a JSON object")
            }
        }
        for member in members where member.isRequired && map[member.name] == nil {
            throw .malformed("the member `\(member.name)` is missing in the body, a JSON object")
        }
        for pair in map {
            let name = pair.key.stringValue ?? ""
            guard let member = members.first(where: { $0.name == name }) else {
                let known = members.map(\.name)
                let list = known.isEmpty ? "it takes none" : "there is \(known.joined(separator: ", "))"
                throw .malformed("the member `\(name)` does not belong to this command; \(list)")
            }
            if let objection = member.objection(to: pair.value, pool.limits) { throw .malformed(objection) }
        }
        return map
    }
}

extension HTTPFailure {
    fileprivate static let wrapped = WireError(.invalidMessage, "no object")
}
