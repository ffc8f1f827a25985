import ArgumentParser
import Foundation
import RembusWire

struct ContextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context",
        abstract: "Keep brokers under names, with what a connection needs.",
        discussion: """
            A context has the URL of a broker with the own name, the authority to trust, the file with the key or secret that \
            proves the name, and the tenant that completes names. Every command that connects takes --context NAME; without \
            it, and without REMBUS_CONTEXT and REMBUS_BASE_URL, the context in use counts. A --url that says where the broker \
            is takes the place of a context.

            Contexts are in $REMBUS_DIR/contexts.json, which only its owner can read. Keys and secrets stay in their files.

            Examples:
              rembus context add plant wss://broker.example.org/me --ca ca.crt
              rembus context add lab ws://lab:8338 --use
              rembus context list
              rembus context use plant
              rembus sub '**' --context lab
              rembus context validate plant
            """,
        subcommands: [
            ContextAddCommand.self, ContextUseCommand.self, ContextListCommand.self, ContextRemoveCommand.self,
            ContextValidateCommand.self,
        ])
}

struct ContextUseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "use",
        abstract: "Choose the context of commands that name none.",
        discussion: """
            Examples:
              rembus context use plant
              rembus context use --none      # back to REMBUS_BASE_URL and ws://127.0.0.1:8338
            """)

    @Argument(help: "The name of the context.", completion: .custom { _, _, _ in ContextNames.known })
    var name: String?

    @Flag(help: "Use none from now on.")
    var none = false

    func validate() throws {
        if none == (name != nil) { throw ValidationError("Give the name of a context, or --none.") }
    }

    func run() throws {
        try ContextFile.change { file in
            file.inUse = try name.map { name in try file.named(name).name }
        }
        try StandardOutput.write(name.map { "\($0) is in use\n" } ?? "no context is in use\n")
    }
}

struct ContextListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the contexts.",
        discussion: """
            The one in use has a star.

            Examples:
              rembus context list
              rembus context list --json | jq -r '.contexts | keys[]'
            """)

    @Flag(help: "JSON instead of text, with the paths of the files.")
    var json = false

    func run() throws {
        let file = try ContextFile.read()
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return try StandardOutput.write(String(decoding: try encoder.encode(file), as: UTF8.self) + "\n")
        }
        guard !file.contexts.isEmpty else {
            return StandardError.say("there are no contexts yet; `rembus context add NAME URL` makes one")
        }
        for line in TextTable.lines([["", "NAME", "TENANT", "CA", "SECRET", "URL"]] + file.rows) {
            try StandardOutput.write(line + "\n")
        }
    }
}

extension ContextFile {
    /// A row for each context, by name. The URL is the last column, because it may have any length.
    fileprivate var rows: [[String]] {
        contexts.sorted { $0.key < $1.key }.map { name, context in
            [
                name == inUse ? "*" : "", name, context.tenant ?? "", context.ca == nil ? "" : "yes",
                context.secretFile == nil ? "" : "yes", context.url,
            ].map(ValueLayout.visible)
        }
    }
}

struct ContextRemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Forget contexts.",
        discussion: """
            The files that they name stay.

            Examples:
              rembus context remove lab
            """)

    @Argument(help: "The names of the contexts.", completion: .custom { _, _, _ in ContextNames.known })
    var name: [String]

    func run() throws {
        let wasInUse = try ContextFile.change { file in
            for name in name { _ = try file.named(name) }
            for name in name { file.contexts[name] = nil }
            guard let inUse = file.inUse, name.contains(inUse) else { return false }
            file.inUse = nil
            return true
        }
        for name in name { try StandardOutput.write("\(name) is removed\n") }
        if wasInUse { StandardError.say("no context is in use now; choose one with `rembus context use`") }
    }
}
