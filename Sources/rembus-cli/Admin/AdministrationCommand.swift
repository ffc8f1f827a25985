import ArgumentParser

struct AdministrationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin",
        abstract: "Say who may do what on a broker, and look after a running one.",
        discussion: """
            Without --url this changes the files of a broker on this machine, $REMBUS_DIR/NAME (see --broker). A running broker \
            takes the change within a second, so nothing has to be restarted, and no administrator has to exist. With --url \
            the broker is asked over the network, as a component that is an administrator and has proven it.

            Rules:
              tenant         the part of a name behind its first dot; its pin is for registering
              administrator  a component that may change these rules over the network
              private        a topic, or pattern, that only those with a grant may use
              read-only      a component that may subscribe and query, nothing else

            Examples:
              rembus admin tenant add . --pin-file pin.txt
              rembus admin tenant add plant.example --pin-file pin.txt
              rembus admin administrator add chief
              rembus admin private plant/7/secret
              rembus admin grant sensor-7 plant/7/secret
              rembus admin grant panel 'plant/*/secret' --action subscribe
              rembus admin read-only panel
              rembus admin list

              rembus admin connections --url wss://broker.example.org/chief
            """,
        groupedSubcommands: [
            CommandGroup(
                name: "Rules (on this machine, or with --url)",
                subcommands: [
                    TenantCommand.self, AdministratorCommand.self, PrivateCommand.self, PublicCommand.self,
                    GrantCommand.self, RevokeCommand.self, ReadOnlyCommand.self, TrustListCommand.self,
                ]),
            CommandGroup(
                name: "A running broker (only with --url)",
                subcommands: [
                    ConnectionsCommand.self, NodesCommand.self, DisconnectCommand.self, BrokerConfigCommand.self,
                    LogLevelCommand.self,
                    SaveCommand.self, LoadCommand.self, ShutdownCommand.self,
                ]),
        ])
}
