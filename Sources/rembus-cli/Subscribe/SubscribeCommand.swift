import ArgumentParser
import Rembus

struct SubscribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sub",
        abstract: "Print messages as they arrive.",
        discussion: """
            In a pattern * stands for one segment between slashes and ** for any number of them; quote it, or the shell \
            expands it. Each message is one line of JSON, {"topic": …, "arguments": […]}, with "qos" and "slot" when they \
            are not zero, and bytes as base64 text; in a terminal it is an aligned, coloured line. A lost connection is \
            made again. SIGINT and SIGTERM end the command with status 0.

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
            "Stored messages to begin with: now (none), last (all not received yet), or those of the last 30s, 10m, 1h, …",
            valueName: "start"))
    var from = StartOption(start: .now)

    @Option(help: "End after this many messages.")
    var count: Int?

    @Option(help: "End after this time, with status 4 if --count messages did not come.")
    var timeout: TimeSpan?

    @Flag(exclusivity: .exclusive)
    var format: OutputFormat?

    @Option(help: "When to colour pretty output.")
    var color = ColorChoice.auto

    @OptionGroup(title: "Connection")
    var connection: ConnectionOptions

    /// Messages that may wait for a slow reader of our output before QoS 0 ones are dropped.
    private static let buffer = SubscriptionBuffer.dropOldest(100_000)

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count must be at least 1.") }
        if topic.contains("") { throw ValidationError("A topic is empty.") }
    }

    func run() async throws {
        if from.start != .now, try connection.resolvedURL().name == nil {
            throw CommandFailure(
                "--from needs a name, because the broker keeps messages for named components only; add --name NAME",
                status: .usage)
        }
        let printer = MessagePrinter(format: .resolve(format), isColored: color.isOn, limit: count)
        let component = try await connection.connect()
        do {
            try await Interruption.orDone(needsReader: true) { try await listen(on: component, printer) }
        } catch {
            await component.close()
            throw error
        }
        await component.close()
    }

    private func listen(on component: Component, _ printer: MessagePrinter) async throws {
        // A task gives true when the command is done with it.
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            defer { tasks.cancelAll() }
            for topic in Set(topic) {
                let subscription = try await component.subscribe(topic, from: from.start, buffer: Self.buffer)
                tasks.addTask { try await Self.print(subscription, printer) }
            }
            tasks.addTask {
                try await component.reportConnection()
                return true
            }
            if let timeout {
                tasks.addTask {
                    try await Task.sleep(for: timeout.duration)
                    try printer.checkComplete()
                    return true
                }
            }
            // Subscriptions also end with the component; the task that watches it knows why.
            while let isDone = try await tasks.next(), !isDone {}
        }
    }

    private static func print(_ subscription: Subscription, _ printer: MessagePrinter) async throws -> Bool {
        var (dropped, isDone) = (0, false)
        for await message in subscription {
            if subscription.droppedCount > dropped {
                if dropped == 0 { StandardError.say("messages are dropped: the reader of the output is too slow") }
                dropped = subscription.droppedCount
            }
            isDone = try !printer.print(message)
            if isDone { break }
        }
        if dropped > 0 { StandardError.say("\(dropped) messages of \(subscription.topic) were dropped") }
        return isDone
    }
}
