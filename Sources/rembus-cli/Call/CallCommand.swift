import ArgumentParser
import Rembus

struct CallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call",
        abstract: "Call a method and print its result.",
        discussion: """
            An ARG that is JSON is sent as what it means, anything else as a text. The result is printed as JSON, bytes as \
            base64 text, a dataframe as one line of JSON for each row; in a terminal a dataframe is a table. An error of the \
            method, or that there is no such method, is said on standard error, with status 5.

            Examples:
              rembus call add 1 2                    # prints 3
              rembus call rid                        # every broker answers with its name
              rembus call status --target pump7      # pump7 must answer, nobody else
              rembus call report '{"year": 2026}' --timeout 60s > report.json
              rembus call query_sensor | jq .temperature
            """)

    @Argument(help: "The name of the method.")
    var topic: String

    @Argument(help: "The arguments, zero or more values.")
    var arg: [String] = []

    @Flag(help: "Take every ARG as a text, also 7 and true.")
    var text = false

    @Option(help: "The name of the component that must answer.")
    var target: String?

    @Option(help: "How long to wait for the result: 500ms, 30s, 10m, … (default: 10s, or the setting request_timeout)")
    var timeout: TimeSpanOption?

    @Flag(exclusivity: .exclusive)
    var format: OutputFormat?

    @Option(help: "When to colour pretty output.")
    var color = ColorChoice.auto

    @OptionGroup(title: "Connection")
    var connection: ConnectionOptions

    func validate() throws {
        if topic.isEmpty { throw ValidationError("The name of the method is empty.") }
        if let timeout, timeout.seconds <= 0 { throw ValidationError("--timeout must be above zero.") }
        if target != nil, connection.encoding == .json {
            throw ValidationError("A target has no form in JSON; leave out --encoding json.")
        }
    }

    func run() async throws {
        try TopicCheck.refusePattern(topic, "call", "method")
        TopicCheck.warn(ofMQTTWildcardsInName: topic)
        let arguments = try (text ? ArgumentForm.text : .automatic).values(of: arg)
        let component = try await connection.connect(timeout: timeout)
        let result: Value
        do {
            result = try await component.callValue(
                topic, arguments: arguments, target: target, timeout: timeout?.duration)
        } catch {
            await component.close()
            throw error
        }
        await component.close()
        try OutputFormat.resolve(format).write(result, isColored: color.isOn)
    }
}
