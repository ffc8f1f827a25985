import ArgumentParser
import RembusServer

/// Prints `docs/cli.md`, so that the page matches the program: `rembus reference > docs/cli.md`.
struct ReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference",
        abstract: "Print the reference page of this program as Markdown.",
        shouldDisplay: false)

    private static let columns = 100

    func run() throws {
        try StandardOutput.write(Self.page)
    }

    private static var page: String {
        """
        # The `rembus` command

        This page is printed by `rembus reference`; change the program, not the page.

        \(section("rembus", RembusCommand.self).trimmingNewlines)

        ## Commands

        \(commands.trimmingNewlines)

        ## Exit status

        | status | meaning |
        | --- | --- |
        \(ExitStatus.allCases.map { "| \($0.rawValue) | \($0.meaning) |" }.joined(separator: "\n"))

        An error is one line on standard error that begins with `rembus: `; a wrong command line also shows the usage.

        ## Where a command connects to

        `--url` takes `ws://HOST:PORT/NAME` or parts of it: `pump7` is a name, `ws://hub` a host, `ws://hub:9000/pump7` says
        all. What it leaves out comes from the context, else from `REMBUS_BASE_URL`, else from `ws://127.0.0.1:8338`. `--name`
        replaces the name. Without a name the component is anonymous, and the broker remembers nothing about it.

        A context is a URL with what a connection there needs, kept under a name: `rembus context add plant
        wss://broker.example.org/me --ca ca.crt`. The context of a command is the one of `--context`, else the one of
        `REMBUS_CONTEXT`, else, unless `REMBUS_BASE_URL` is set, the one that `rembus context use` has chosen. A `--url` that
        contains `://` takes the place of the context altogether: its secret is for its own broker only. `rembus admin`
        changes the files of this machine unless `--url` or `--context` is given; its commands that need a running broker
        ask the one of the context.

        ## Shell completion

        ```
        rembus completion bash > /etc/bash_completion.d/rembus
        rembus completion zsh > "${fpath[1]}/_rembus"
        rembus completion fish > ~/.config/fish/completions/rembus.fish
        ```

        ## Settings of the broker

        Each setting comes from the last of these that has it: its default, its environment variable,
        `$REMBUS_DIR/<name of the broker>/settings.json` under its key, its option. `rembus broker --print-config` prints
        the outcome in the form of `settings.json`. `REMBUS_DIR` is `~/.config/rembus` unless set. A key that does
        not exist and a value that cannot be used are errors that name the line.

        | key | variable | default | meaning |
        | --- | --- | --- | --- |
        \(BrokerSettings.table.map { "| `\($0.key)` | `\($0.variable)` | `\($0.standard)` | \($0.meaning) |" }.joined(separator: "\n"))

        """
    }

    private static var commands: String { sections(of: RembusCommand.self, "rembus", level: 3) }

    /// The commands below `parent`, each followed by its own commands.
    private static func sections(of parent: any ParsableCommand.Type, _ title: String, level: Int) -> String {
        parent.configuration.subcommands.filter { $0.configuration.shouldDisplay }.map { command in
            let title = "\(title) \(command.configuration.commandName ?? "")"
            return section(title, command, level: level) + sections(of: command, title, level: level + 1)
        }.joined()
    }

    private static func section(_ title: String, _ command: any ParsableCommand.Type, level: Int = 0) -> String {
        let heading = level > 0 ? String(repeating: "#", count: level) + " `\(title)`\n\n" : ""
        let help = RembusCommand.helpMessage(for: command, columns: columns)
        let lines = help.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.reversed().drop { $0 == " " }.reversed())
        }
        return heading + "```\n" + lines.joined(separator: "\n").trimmingNewlines + "\n```\n\n"
    }
}

extension String {
    fileprivate var trimmingNewlines: String {
        var text = Substring(self)
        while text.last?.isNewline == true { text.removeLast() }
        return String(text)
    }
}
