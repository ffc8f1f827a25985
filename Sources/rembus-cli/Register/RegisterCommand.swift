public import ArgumentParser
import Foundation
public import Rembus
import RembusIdentity
import RembusServer

struct RegisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Make a key pair for a component and give its public key to a broker.",
        discussion: """
            From then on only who has the private key can use the name. It is kept in $REMBUS_DIR/NAME/.secret, where all \
            components of that name find it by themselves, those of Rembus for Python too. The broker wants the pin of the \
            name's tenant (see `rembus admin tenant`).

            The pin is read from a file or the environment, since the words of a command line can be seen by all users of the \
            machine, and stay in the history of the shell.

            Examples:
              rembus register pump7 --pin-file pin.txt
              rembus register pump7.acme --pin-file pin.txt --url wss://broker.example.org
              pass show rembus/pin | rembus register pump7 --pin-file - --scheme rsa
            """)

    @Argument(help: "The name of the component.")
    var name: String

    @OptionGroup
    var secret: PinOptions

    @Option(help: "The kind of key pair.")
    var scheme = KeyScheme.ecdsa

    @Option(help: "How long to wait for the broker: 500ms, 30s, 10m, … (default: 10s, or the setting request_timeout)")
    var timeout: TimeSpanOption?

    @OptionGroup(title: "Connection")
    var place: BrokerOptions

    func validate() throws {
        if name.isEmpty { throw ValidationError("The name of the component is empty.") }
    }

    func run() async throws {
        let broker = try place.place(of: name)
        let (url, name) = (broker.url, broker.url.name ?? name)
        let pin = try secret.pin()
        StandardError.warn(ifReadableByOthers: url, "pin")
        do {
            try await Component.register(
                url, pin: pin, scheme: scheme, configuration: place.configuration(broker, timeout))
        } catch let error as RembusError {
            throw Self.failure(error, url, name)
        }
        let key = ComponentKeyFile(directory: BrokerSettings.directory().path, name: name).path
        try StandardOutput.write("\(quoted(name)) is registered; its private key is in \(key)\n")
    }

    /// The failure with advice, which the short answers of brokers lack.
    private static func failure(_ error: RembusError, _ url: RembusURL, _ name: String) -> CommandFailure {
        switch error.status {
        case .nameTaken?:
            return CommandFailure(
                "the broker has a key for \(quoted(name)) already; whoever has the private key can `rembus unregister` it, "
                    + "else an administrator `rembus keys remove` it", status: .refused)
        case .error? where error.message.contains("not enabled"):
            return CommandFailure(
                "the tenant \(quoted(tenant(of: name))) cannot register on this broker; its administrator can allow it "
                    + "with `rembus admin tenant add \(tenant(of: name)) --pin-file FILE`", status: .refused)
        case .error? where error.message.contains("wrong tenant/pin"):
            return CommandFailure(
                "the pin is not that of the tenant \(quoted(tenant(of: name)))", status: .refused)
        default:
            return error.code == .connectionDown
                ? BrokerPlace.unreachable(url, error.message) : CommandFailure(error)
        }
    }

    /// The tenant of a name: the text behind its first dot, or `.` without a dot (behaviour.md §2).
    private static func tenant(of name: String) -> String {
        name.firstIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? "."
    }
}

extension KeyScheme: ExpressibleByArgument {}
