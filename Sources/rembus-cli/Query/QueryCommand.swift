import ArgumentParser
import DataFrames
import Rembus

struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Ask a broker for the rows of a table.",
        discussion: """
            Tables are declared with `rembus broker --schema`. COND is a condition on the table's columns; COLUMNS are columns \
            or aggregates like avg(temperature) AS mean, columns beside aggregates group them. TIME is a local time, a time \
            with an offset, or seconds since 1970: the rows are those of that moment. In a terminal the rows are a drawn table, \
            otherwise one line of JSON each; with --output FILE the ending of the file says the format, jsonl without one. \
            In JSON, NaN and infinities are null, which has no other form for them: the binary formats keep them. The \
            table rejected has what did not fit its table, for administrators.

            Examples:
              rembus query sensor --where "type='HVAC'"
              rembus query telemetry --cols 'dn, avg(temperature) AS mean' --order 'mean desc'
              rembus query sensor --when '2026-11-01 10:00'
              rembus query telemetry --limit 100 --format csv > telemetry.csv
              rembus query telemetry --output telemetry.parquet
              rembus query telemetry | jq .temperature
              rembus query rejected --order 'recv desc' --limit 20 --url ws://localhost:8338/chief
            """)

    @Argument(help: "The name of the table.")
    var table: String

    @Option(name: .customLong("where"), help: ArgumentHelp("Only rows for which this holds.", valueName: "cond"))
    var condition: String?

    @Option(help: ArgumentHelp("What to give of each row, with commas between. (default: all)", valueName: "columns"))
    var cols: String?

    @Option(help: ArgumentHelp("The rows as they were at that time.", valueName: "time"))
    var when: TravelTime?

    @Option(help: "Sort by these columns, each with `desc` behind it for the largest first.")
    var order: String?

    @Option(help: "At most so many rows.")
    var limit: Int?

    @Option(help: "Leave out so many rows at the beginning.")
    var offset: Int?

    @Option(
        help: "How the rows are written: \(FrameFormat.names). (default: table in a terminal, jsonl otherwise)")
    var format: FrameFormat?

    @Option(help: "Rows that a table shows, 0 for all; more are cut in the middle.")
    var rows = FrameFormat.tableRows

    @Option(name: .shortAndLong, help: "Write to this file instead of standard output.")
    var output: String?

    @Option(help: "How long to wait for the rows: 500ms, 30s, 10m, … (default: 10s, or the setting request_timeout)")
    var timeout: TimeSpanOption?

    @OptionGroup(title: "Connection")
    var connection: ConnectionOptions

    func validate() throws {
        if table.isEmpty { throw ValidationError("The name of the table is empty.") }
        if let limit, limit < 0 { throw ValidationError("--limit must not be negative.") }
        if let offset, offset < 0 { throw ValidationError("--offset must not be negative.") }
        if rows < 0 { throw ValidationError("--rows must not be negative.") }
        let format = try checkedFormat()
        if format == .parquet, output == nil { throw ValidationError("A Parquet file needs --output FILE.") }
        if format.isBinary, output == nil, Terminal.isOutput {
            throw ValidationError("\(format.rawValue) is not for terminals; add --output FILE, or redirect the output.")
        }
    }

    private func checkedFormat() throws(ValidationError) -> FrameFormat {
        do throws(CommandFailure) {
            return try FrameFormat.resolve(format, file: output)
        } catch {
            throw ValidationError(error.description)
        }
    }

    func run() async throws {
        var options: ValueMap = [:]
        if let condition { options["where"] = .text(condition) }
        if let cols { options["cols"] = .text(cols) }
        if let when { options["when"] = when.value }
        if let order { options["order"] = .text(order) }
        if let limit { options["limit"] = .integer(Int64(limit)) }
        if let offset { options["offset"] = .integer(Int64(offset)) }
        let result = try await TableCall(connection: connection, timeout: timeout)
            .perform("query", on: table, options.isEmpty ? [] : [.map(options)])
        try FrameFormat.resolve(format, file: output).write(try Self.frame(result), to: output, rows: rows)
    }

    /// Reads a result. It is a dataframe or, over a JSON connection, a list of objects.
    private static func frame(_ result: Value) throws -> DataFrame {
        do {
            if case .tagged(_, .bytes(let stream)) = result { return try DataFrame(arrow: stream) }
            return try DataFrame(jsonText: result.jsonText)
        } catch {
            throw CommandFailure("the answer is no table: \(CommandFailure.phrase(error.message))")
        }
    }
}
