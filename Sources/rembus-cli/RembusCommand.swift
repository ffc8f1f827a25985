import ArgumentParser
import RembusBroker

@main
struct RembusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rembus",
        abstract: "Pub/Sub and RPC: a broker and its tools.",
        discussion: """
            Start a broker, listen, publish:
              rembus broker
              rembus sub '**/telemetry'
              rembus pub plant/7/telemetry '{"temperature": 21.6}'
            """,
        version: RembusVersion.current,
        subcommands: [BrokerCommand.self])
}
