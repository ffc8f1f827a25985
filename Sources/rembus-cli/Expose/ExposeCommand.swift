import ArgumentParser
import Foundation
import Rembus

struct ExposeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "expose",
        abstract: "Offer a method that runs a command for each call.",
        discussion: """
            The command gets the arguments of the call as one JSON array on standard input, a dataframe as an array of its rows, \
            and the name of the method in $REMBUS_TOPIC. What it prints is the result: as JSON when it is JSON, else as a text, null when it prints \
            nothing. When it fails, the caller gets an error (status 40) with the last line of its standard error. \
            SIGINT and SIGTERM end everything, with status 0.

            Examples:
              rembus expose add --shell 'jq add'
              rembus expose disk -- df -h /
              rembus expose square --args --shell 'echo $(($1 * $1))'
              rembus expose train --concurrency 1 --timeout 1h -- python3 train.py
            """)

    @Argument(help: "The name of the method.")
    var topic: String

    @Argument(parsing: .postTerminator, help: "The command and its arguments, behind --.")
    var command: [String] = []

    @Option(help: ArgumentHelp("A command line for /bin/sh, instead of a command behind --.", valueName: "line"))
    var shell: String?

    @Flag(help: "Give the arguments of the call to the command as words too; those that are not texts as JSON.")
    var args = false

    @Option(help: "How many commands may run at a time; more calls wait.")
    var concurrency = 16

    @Option(help: "How long a command may run before it is ended and the caller gets an error; 0 is for ever.")
    var timeout = TimeSpanOption(seconds: 60)

    @OptionGroup(title: "Connection")
    var connection: ConnectionOptions

    func validate() throws {
        if topic.isEmpty { throw ValidationError("The name of the method is empty.") }
        if shell == nil, command.isEmpty {
            throw ValidationError("Give a command behind --, as in: rembus expose \(topic) -- cat; or --shell LINE.")
        }
        if shell != nil, !command.isEmpty {
            throw ValidationError("Give either --shell or a command behind --, not both.")
        }
        if !(1...1024).contains(concurrency) { throw ValidationError("--concurrency must be between 1 and 1024.") }
    }

    func run() async throws {
        try TopicCheck.refusePattern(topic, "expose", "method")
        TopicCheck.warn(ofMQTTWildcardsInName: topic)
        // `sh -c LINE NAME ARG…` passes the arguments as $1, $2, … to the line.
        let words = shell.map { ["/bin/sh", "-c", $0, "rembus"] } ?? command
        let runner = try CommandRunner(
            words: words, topic: topic, addsArguments: args, concurrency: concurrency,
            timeout: timeout.seconds > 0 ? timeout.duration : nil)
        let component = try await connection.connect()
        do {
            try await Interruption.orDone(needsReader: false) {
                try await component.exposeRaw(topic) { try await runner.run($0) }
                if Terminal.isError { StandardError.say("\(topic) is offered on \(component.url); Ctrl-C ends it") }
                try await component.reportConnection()
            }
        } catch {
            runner.stop()
            await component.close()
            throw error
        }
        runner.stop()
        await component.close()
    }
}
