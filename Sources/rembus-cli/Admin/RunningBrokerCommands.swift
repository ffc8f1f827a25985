import ArgumentParser
import Logging
import Rembus

struct LogLevelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log-level",
        abstract: "Change how much a running broker logs.",
        discussion: """
            Until it is changed again, or the broker starts anew.

            Examples:
              rembus admin log-level debug --url ws://127.0.0.1:8338/chief
            """)

    @Argument(help: "How much.")
    var level: Logger.Level

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws {
        let command = AdministrativeCommand("log_level", fields: ["level": .text(level.rawValue)])
        _ = try await target.remote(for: "log-level").perform(command)
        try StandardOutput.write("the broker logs \(level.rawValue) and above\n")
    }
}

struct SaveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "save",
        abstract: "Let a running broker write its rules to the disk.",
        discussion: """
            This broker does so with each change anyway.

            Examples:
              rembus admin save --url ws://127.0.0.1:8338/chief
            """)

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws {
        _ = try await target.remote(for: "save").perform(AdministrativeCommand("save_config"))
        try StandardOutput.write("the rules are on the disk\n")
    }
}

struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Let a running broker read its rules from the disk.",
        discussion: """
            This broker does so when the file changes anyway.

            Examples:
              rembus admin load --url ws://127.0.0.1:8338/chief
            """)

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws {
        _ = try await target.remote(for: "load").perform(AdministrativeCommand("load_config"))
        try StandardOutput.write("the rules are read again\n")
    }
}

struct ShutdownCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shutdown",
        abstract: "Stop a running broker in an orderly way.",
        discussion: """
            Queued messages leave first, as with SIGTERM.

            Examples:
              rembus admin shutdown --url ws://127.0.0.1:8338/chief
            """)

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws {
        _ = try await target.remote(for: "shutdown").perform(AdministrativeCommand("shutdown"), isLast: true)
        try StandardOutput.write("the broker stops\n")
    }
}
