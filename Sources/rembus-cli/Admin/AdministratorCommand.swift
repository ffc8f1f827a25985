import ArgumentParser

struct AdministratorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "administrator",
        abstract: "Components that may change these rules over the network.",
        discussion: """
            An administrator must prove its name, so it needs a key (`rembus register`), a secret (`rembus keys secret`) or a \
            certificate (`rembus keys client`). Private topics are as closed to administrators as to others.

            Examples:
              rembus admin administrator add chief
              rembus admin administrator remove chief
              rembus admin administrator list
            """,
        subcommands: [
            AdministratorAddCommand.self, AdministratorRemoveCommand.self, AdministratorListCommand.self,
        ])
}

struct AdministratorAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "add", abstract: "Make a component an administrator.")

    @Argument(help: "The name of the component.")
    var name: String

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws { try await target.rules().make(.addAdministrator(name)) }
}

struct AdministratorRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Take the role of an administrator from a component.")

    @Argument(help: "The name of the component.")
    var name: String

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws { try await target.rules().make(.removeAdministrator(name)) }
}

struct AdministratorListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the administrators, one on a line.")

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws { try await target.rules(forReading: true).printNames("admins") }
}
