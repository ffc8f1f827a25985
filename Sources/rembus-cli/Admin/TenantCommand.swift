import ArgumentParser
import RembusWire

struct TenantCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant",
        abstract: "Tenants, whose pins let components register keys.",
        discussion: """
            The tenant of a component is the part of its name behind the first dot: plant.example for pump7.plant.example, \
            and `.` for pump7. Components of different tenants do not see each other's messages.

            Examples:
              rembus admin tenant add . --pin-file pin.txt
              rembus admin tenant add plant.example --pin-file pin.txt
              rembus admin tenant list
            """,
        subcommands: [TenantAddCommand.self, TenantRemoveCommand.self, TenantListCommand.self])
}

struct TenantAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Let components of a tenant register keys, or change the tenant's pin.",
        discussion: """
            The pin is read from a file or the environment, since the words of a command line can be seen by all users of the \
            machine. Only a hash of it is stored. A new pin does not touch keys that are registered.

            Examples:
              head -c 12 /dev/urandom | base64 > pin.txt; chmod 600 pin.txt
              rembus admin tenant add . --pin-file pin.txt
              PIN=… rembus admin tenant add plant.example --pin-env PIN
            """)

    @Argument(help: "The tenant; `.` is that of names without a dot.")
    var tenant: String

    @OptionGroup
    var secret: PinOptions

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    /// The number of registrations per minute is limited, so a pin of this many characters cannot be guessed.
    private static let goodLength = 8

    func run() async throws {
        let pin = try secret.pin()
        if pin.count < Self.goodLength {
            StandardError.say("a pin of \(pin.count) characters is easy to guess; take \(Self.goodLength) or more")
        }
        try await target.rules().make(.addTenant(tenant, pin: pin))
    }
}

struct TenantRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Let components of a tenant register no more keys.",
        discussion: """
            Those that have registered stay; see `rembus keys remove`.

            Examples:
              rembus admin tenant remove plant.example
            """)

    @Argument(help: "The tenant; `.` is that of names without a dot.")
    var tenant: String

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws { try await target.rules().make(.removeTenant(tenant)) }
}

struct TenantListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the tenants, one on a line.")

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws { try await target.rules(forReading: true).printNames("tenants") }
}

extension TrustRules {
    /// Prints one list of the rules, a name on each line.
    func printNames(_ key: String) async throws {
        for name in try await all()[key]?.arrayValue ?? [] {
            try StandardOutput.write(ValueLayout.visible(name.stringValue ?? name.jsonText) + "\n")
        }
    }
}
