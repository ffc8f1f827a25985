import ArgumentParser
import Rembus

struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete rows of a broker's table.",
        discussion: """
            Earlier states stay readable with `rembus query --when` until their snapshots expire.

            Examples:
              rembus delete sensor --where "dn='s1'"
              rembus delete sensor --all
            """)

    @Argument(help: "The name of the table.")
    var table: String

    @Option(name: .customLong("where"), help: ArgumentHelp("Which rows.", valueName: "cond"))
    var condition: String?

    @Flag(help: "Every row.")
    var all = false

    @Option(help: "How long to wait: 500ms, 30s, 10m, … (default: 10s, or the setting request_timeout)")
    var timeout: TimeSpanOption?

    @OptionGroup(title: "Connection")
    var connection: ConnectionOptions

    func validate() throws {
        if table.isEmpty { throw ValidationError("The name of the table is empty.") }
        if condition == nil, !all { throw ValidationError("Say which rows with --where, or --all for every row.") }
        if condition != nil, all { throw ValidationError("--where and --all exclude each other.") }
    }

    func run() async throws {
        // Without an argument the method deletes everything (storage.md §6.2).
        let arguments: [Value] = condition.map { [.map(["where": .text($0)])] } ?? []
        _ = try await TableCall(connection: connection, timeout: timeout).perform("delete", on: table, arguments)
        let rows = condition.map { "the rows of \(quoted(table)) with \(quoted($0))" } ?? "all rows of \(quoted(table))"
        try StandardOutput.write("\(rows) are deleted\n")
    }
}
