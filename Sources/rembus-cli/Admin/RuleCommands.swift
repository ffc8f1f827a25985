import ArgumentParser
import RembusTrust
import RembusWire

struct PrivateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "private",
        abstract: "Make a topic private: only those with a grant may use it.",
        discussion: """
            That is for publishing, subscribing, calling and exposing, also by patterns. TOPIC can be a pattern, with `*` for a \
            segment and `**` for any number of them.

            Examples:
              rembus admin private plant/7/secret
              rembus admin private 'plant/*/secret'
            """)

    @Argument(help: "A topic, or a pattern.")
    var topic: String

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws {
        TopicCheck.warn(ofMQTTWildcards: topic)
        try await target.rules().make(.makePrivate(topic))
    }
}

struct PublicCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "public",
        abstract: "Make a private topic public, and forget its grants.",
        discussion: """
            TOPIC is what was made private, with the same letters. A topic that a private pattern matches stays private.

            Examples:
              rembus admin public plant/7/secret
            """)

    @Argument(help: "A topic, or a pattern.")
    var topic: String

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws {
        TopicCheck.warn(ofMQTTWildcards: topic)
        try await target.rules().make(.makePublic(topic))
    }
}

struct GrantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant",
        abstract: "Let a component use a private topic.",
        discussion: """
            What was granted before stays. A grant counts for a component that has proven its name, and for topics that are \
            private; public ones are open to all.

            Examples:
              rembus admin grant sensor-7 plant/7/secret
              rembus admin grant panel 'plant/*/secret' --action subscribe --action call
            """)

    @Argument(help: "The name of the component.")
    var name: String

    @Argument(help: "A topic, or a pattern for all topics that it matches.")
    var topic: String

    @Option(name: .customLong("action"), help: "What it may do. May be repeated. (default: everything)")
    var actions: [TrustAction] = []

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws {
        TopicCheck.warn(ofMQTTWildcards: topic)
        try await target.rules().make(.grant(Grant(name: name, topic: topic, actions: TrustAction.chosen(actions))))
    }
}

struct RevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Take a grant away from a component.",
        discussion: """
            NAME and TOPIC are those of the grant. Subscriptions that lose their right get nothing from then on.

            Examples:
              rembus admin revoke sensor-7 plant/7/secret
              rembus admin revoke panel 'plant/*/secret' --action call
            """)

    @Argument(help: "The name of the component.")
    var name: String

    @Argument(help: "The topic or pattern of the grant.")
    var topic: String

    @Option(name: .customLong("action"), help: "What it may no longer do. May be repeated. (default: everything)")
    var actions: [TrustAction] = []

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws {
        TopicCheck.warn(ofMQTTWildcards: topic)
        try await target.rules().make(.revoke(Grant(name: name, topic: topic, actions: TrustAction.chosen(actions))))
    }
}

struct ReadOnlyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read-only",
        abstract: "Let a component subscribe and query, and nothing else.",
        discussion: """
            It can not publish, expose methods, nor call any but those that only read: query_…, rid, version and uptime. A \
            private topic needs a grant all the same.

            Examples:
              rembus admin read-only panel
              rembus admin read-only panel --off
            """)

    @Argument(help: "The name of the component.")
    var name: String

    @Flag(help: "Lift the restriction.")
    var off = false

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws { try await target.rules().make(.setReadOnly(name, !off)) }
}

struct TrustListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List administrators, tenants, private topics, grants and read-only components.",
        discussion: """
            Pins are not shown; the broker does not know them, only a hash of each.

            Examples:
              rembus admin list
              rembus admin list --json | jq '.grants[] | select(.name == "panel")'
              rembus admin list --url wss://broker.example.org/chief
            """)

    @Flag(help: "JSON instead of text.")
    var json = false

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws {
        let rules = try await target.rules(forReading: true).all()
        try StandardOutput.write(json ? rules.jsonText + "\n" : TrustListingText(rules).text)
    }
}

extension TrustAction: ExpressibleByArgument {
    static func chosen(_ actions: [TrustAction]) -> Set<TrustAction> { actions.isEmpty ? all : Set(actions) }
}
