import ArgumentParser
import Rembus

struct UnregisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unregister",
        abstract: "Let a broker forget the key of a component, and delete the key here.",
        discussion: """
            The private key in $REMBUS_DIR/NAME/.secret proves who asks. Afterwards the name can be registered again; in \
            anonymous mode everybody may use it.

            Examples:
              rembus unregister pump7
              rembus unregister pump7 --url wss://broker.example.org
            """)

    @Argument(help: "The name of the component.")
    var name: String

    @Option(help: "How long to wait for the broker: 500ms, 30s, 10m, … (default: 10s, or the setting request_timeout)")
    var timeout: TimeSpanOption?

    @OptionGroup(title: "Connection")
    var place: BrokerOptions

    func validate() throws {
        if name.isEmpty { throw ValidationError("The name of the component is empty.") }
    }

    func run() async throws {
        let broker = try place.place(of: name)
        let name = broker.url.name ?? name
        let component = try await broker.connect(place.configuration(broker, timeout))
        do {
            try await component.unregister()
            await component.close()
        } catch let error as RembusError where error.status == .error {
            await component.close()
            throw CommandFailure(
                "the broker refused: it has no key for \(quoted(name)), so nothing proves that the name is yours",
                status: .refused)
        } catch {
            await component.close()
            throw error
        }
        // A file that a context names was not made by `rembus register`, so it stays.
        let file = broker.credential == nil ? nil : broker.context?.context.secretFile
        let rest = file.map { "; \($0) is of no use now" } ?? ", and its key is deleted here"
        try StandardOutput.write("\(quoted(name)) is not registered any more\(rest)\n")
    }
}
