import ArgumentParser
import RembusWire

struct ConnectionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connections",
        abstract: "List the connections of a running broker.",
        discussion: """
            BACKLOG is what waits to be sent, in bytes; DROPPED counts messages that a slow component did not get.

            Examples:
              rembus admin connections --url ws://127.0.0.1:8338/chief
              rembus admin connections --url chief --json | jq '.[] | select(.dropped > 0)'
            """)

    @Flag(help: "JSON instead of text.")
    var json = false

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws {
        let list = try await target.remote(for: "connections").perform(AdministrativeCommand("connections"))
        if json { return try StandardOutput.write(list.jsonText + "\n") }
        let rows = (list.arrayValue ?? []).map { connection in
            [
                connection["name"]?.stringValue ?? "(anonymous)", connection["address"]?.stringValue ?? "",
                connection["tenant"]?.stringValue ?? "", connection["proven"] == true ? "yes" : "no",
                connection["backlog"]?.jsonText ?? "", connection["dropped"]?.jsonText ?? "",
            ].map(ValueLayout.visible)
        }
        let titles = ["NAME", "ADDRESS", "TENANT", "PROVEN", "BACKLOG", "DROPPED"]
        for line in TextTable.lines([titles] + rows) { try StandardOutput.write(line + "\n") }
    }
}

struct DisconnectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disconnect",
        abstract: "End the connection of a component.",
        discussion: """
            It can connect again; without its key (`rembus keys remove`) it cannot prove its name any more.

            Examples:
              rembus admin disconnect pump7 --url ws://127.0.0.1:8338/chief
            """)

    @Argument(help: "The name of the component.")
    var name: String

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws {
        let command = AdministrativeCommand("disconnect", fields: ["cid": .text(name)])
        _ = try await target.remote(for: "disconnect").perform(command)
        try StandardOutput.write("\(quoted(name)) is disconnected\n")
    }
}

struct BrokerConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show who subscribes to what and who exposes what on a running broker.",
        discussion: """
            Examples:
              rembus admin config --url ws://127.0.0.1:8338/chief
              rembus admin config --url chief --json | jq .subscribers
            """)

    @Flag(help: "JSON instead of text.")
    var json = false

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws {
        let config = try await target.remote(for: "config").perform(AdministrativeCommand("broker_config"))
        if json { return try StandardOutput.write(config.jsonText + "\n") }
        for key in ["exposers", "subscribers"] {
            try StandardOutput.write("\(key)\n")
            let rows = (config[key]?.mapValue ?? [:]).map { pair -> [String] in
                let names = (pair.value.arrayValue ?? []).map { $0.stringValue ?? $0.jsonText }
                let topic = pair.key.stringValue ?? pair.key.jsonText
                return [ValueLayout.visible("  " + topic), ValueLayout.visible(names.joined(separator: ", "))]
            }
            let lines = rows.isEmpty ? ["  none"] : TextTable.lines(rows.sorted { $0[0] < $1[0] })
            for line in lines { try StandardOutput.write(line + "\n") }
        }
    }
}
