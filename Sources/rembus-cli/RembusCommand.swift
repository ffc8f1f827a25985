import ArgumentParser
import Foundation
import Rembus
import RembusBroker

#if WITH_ZEROMQ
import RembusZeroMQ
#endif

@main
struct RembusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rembus",
        abstract: "Pub/Sub and RPC: a broker and its tools.",
        discussion: """
            Start a broker, listen, publish, call:
              rembus broker
              rembus sub '**/telemetry'
              rembus pub plant/7/telemetry '{"temperature": 21.6}'
              rembus expose add --shell 'jq add' &
              rembus call add 1 2

            Publications into tables, and SQL on them:
              rembus broker --schema schema.json
              rembus query sensor --where "type='HVAC'"

            A broker that others can reach:
              rembus keys init --host broker.example.org
              rembus admin tenant add . --pin-file pin.txt
              rembus broker --secure --authenticated --host 0.0.0.0
              rembus register sensor-7 --pin-file pin.txt --url wss://broker.example.org

            A broker that is used often:
              rembus context add plant wss://broker.example.org/me --ca ca.crt
              rembus sub '**'

            Environment:
              REMBUS_BASE_URL   the broker to connect to (default: ws://127.0.0.1:8338)
              REMBUS_CONTEXT    the context to connect with (default: the one in use, if REMBUS_BASE_URL is not set)
              REMBUS_DIR        the folder of settings, keys and state (default: ~/.config/rembus)
              HTTP_CA_BUNDLE    the authority to trust on wss:// (default: the single file in $REMBUS_DIR/ca)
              NO_COLOR          no colours, when set to anything

            Exit status:
            \(ExitStatus.allCases.map { "  \($0.rawValue)".padding(to: 6) + $0.meaning }.joined(separator: "\n"))
            """,
        version: RembusVersion.current,
        subcommands: [
            BrokerCommand.self, PublishCommand.self, SubscribeCommand.self, CallCommand.self, ExposeCommand.self,
            QueryCommand.self, UpsertCommand.self, DeleteCommand.self, KeysCommand.self, RegisterCommand.self,
            UnregisterCommand.self, AdministrationCommand.self, ContextCommand.self, BenchCommand.self,
            CompletionCommand.self,
            ReferenceCommand.self,
        ])

    static func main() async {
        // When the reader of the output goes away, `write` is to fail, instead of the process ending without closing
        // its connection.
        signal(SIGPIPE, SIG_IGN)
        #if WITH_ZEROMQ
        ZeroMQ.register()
        #endif
        if let failure = UnknownCommand.failure(CommandLine.arguments.dropFirst(), in: self) { end(failure) }
        do {
            var command = try parseAsRoot(NegativeNumbers.placed(Array(CommandLine.arguments.dropFirst()), in: self))
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as CommandFailure {
            end(error)
        } catch let error as RembusError {
            end(CommandFailure(error))
        } catch let error as BrokerError {
            end(CommandFailure(error))
        } catch is OutputClosed {
            // As with `| head -1`: the reader has got what it wanted.
            Foundation.exit(ExitStatus.success.rawValue)
        } catch {
            guard let failure = ParserFailure(error, of: self) else { exit(withError: error) }
            StandardError.say(failure.problem)
            if !failure.usage.isEmpty { StandardError.write(failure.usage) }
            Foundation.exit(exitCode(for: error).rawValue)
        }
    }

    /// Prints the failure, with a line for each problem, and ends the process.
    private static func end(_ failure: CommandFailure) -> Never {
        for line in failure.description.split(separator: "\n") {
            StandardError.say(CommandFailure.phrase(String(line)))
        }
        Foundation.exit(failure.status.rawValue)
    }
}
