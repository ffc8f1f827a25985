import ArgumentParser
import Rembus

struct SubscribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sub",
        abstract: "Print messages as they arrive.",
        discussion: """
            In a pattern * stands for one segment between slashes and ** for any number of them; quote it, or the shell \
            expands it. Each message is one line of JSON, {"topic": …, "arguments": […]}, with "qos" and "slot" when they \
            are not zero, bytes as base64 text and a dataframe as an array of its rows; in a terminal it is an aligned, \
            coloured line, and a dataframe a table. A lost connection is made again. SIGINT and SIGTERM end the command \
            with status 0.

            What the reader of the output does not take in time is not read from the broker, which keeps it as far as it \
            records. With --from the command prints everything that the broker has sent before it ends; when it cannot, \
            because of --count or of a reader that went away, it says how many messages were left, with status 3.

            Examples:
              rembus sub '**/telemetry'
              rembus sub alarm/low alarm/high --count 1 --timeout 30s
              rembus sub orders --name ledger --from last   # with what came while ledger was away
              rembus sub '**' --json | jq .arguments[0].temperature
            """)

    @Argument(help: "Topics or patterns.")
    var topic: [String]

    @Option(
        help: ArgumentHelp(
            "Stored messages to begin with: now (none), value (the last one of each topic, as far as the broker keeps it), last (all not received yet), or those of the last 30s, 10m, 1h, …",
            valueName: "start"))
    var from = StartOption(start: .now)

    @Option(help: "End after this many messages.")
    var count: Int?

    @Option(help: "End after this time (500ms, 30s, 10m, …), with status 4 if --count messages did not come.")
    var timeout: TimeSpanOption?

    @Flag(exclusivity: .exclusive)
    var format: OutputFormat?

    @Option(help: "When to colour pretty output.")
    var color = ColorChoice.auto

    @OptionGroup(title: "Connection")
    var connection: ConnectionOptions

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count must be at least 1.") }
        if topic.contains("") { throw ValidationError("A topic is empty.") }
    }

    func run() async throws {
        let isReplay = from.isReplay
        if isReplay, try connection.place().url.name == nil {
            throw CommandFailure(
                "--from needs a name, because the broker keeps messages for named components only; add --name NAME",
                status: .usage)
        }
        for topic in topic { TopicCheck.warn(ofMQTTWildcards: topic) }
        let printer = MessagePrinter(format: .resolve(format), isColored: color.isOn, limit: count)
        let component = try await connection.connect(isReactive: false)
        let feed = MessageFeed(component, printer)
        let result: Result<Void, any Error>
        do {
            result = .success(
                try await Interruption.orDone(needsReader: true) {
                    try await feed.run(topic, from: from.start, timeout: timeout)
                })
        } catch {
            result = .failure(error)
        }
        if isReplay { await feed.settle() }
        await component.close()
        if isReplay, let failure = feed.unprinted { throw failure }
        try result.get()
    }
}
