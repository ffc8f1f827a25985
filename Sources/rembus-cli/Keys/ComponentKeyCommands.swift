import ArgumentParser
import RembusIdentity
import RembusWire

struct KeysListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the components whose keys a broker on this machine knows.",
        discussion: """
            One line for each: the name, and what proves it (rsa, ecdsa or secret).

            Examples:
              rembus keys list
              rembus keys list --broker plant
            """)

    @OptionGroup
    var broker: BrokerFolderOptions

    func run() throws {
        let names = try broker.keys { keys throws(IdentityError) in try keys.names() }.sorted { $0.name < $1.name }
        let width = names.map(\.name.count).max() ?? 0
        for (name, kind) in names {
            try StandardOutput.write("\(name.padding(to: width))  \(kind)\n")
        }
    }
}

struct KeysRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove the key of a component, which then can register another one.",
        discussion: """
            The broker may be running. Without a key the name is free for everybody in anonymous mode; connections that are \
            there stay until they end (`rembus admin disconnect NAME`).

            Examples:
              rembus keys remove pump7
              rembus keys remove pump7 --broker plant
              rembus keys remove pump7 --url wss://broker.example.org/chief
            """)

    @Argument(help: "The name of the component.")
    var name: String

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws {
        if target.url != nil {
            _ = try await target.remote().perform(AdministrativeCommand("remove_key", fields: ["cid": .text(name)]))
            return
        }
        guard try target.local.keys({ keys throws(IdentityError) in try keys.remove(name) }) else {
            throw CommandFailure("the broker \(target.local.name) knows no key of \(quoted(name))")
        }
    }
}

struct KeysSecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret",
        abstract: "Give a component a secret instead of a key pair.",
        discussion: """
            For components that cannot sign. The component has the same text, 16 characters or more, in its file \
            $REMBUS_DIR/NAME/.secret. Key pairs are better: with a secret, whoever reads the broker's disk, or a connection \
            without TLS, can become the component. Components of Rembus for Python know key pairs only.

            The secret is read from a file, since the words of a command line can be seen by all users of the machine.

            Examples:
              head -c 24 /dev/urandom | base64 > pump7.secret
              rembus keys secret pump7 --secret-file pump7.secret
            """)

    @Argument(help: "The name of the component.")
    var name: String

    @Option(help: ArgumentHelp("A file whose first line is the secret; `-` is standard input.", valueName: "file"))
    var secretFile: String

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws {
        let secret = try SecretInput.firstLine(of: secretFile, kind: "secret")
        if target.url != nil {
            let fields: [String: Value] = ["cid": .text(name), "secret": .text(secret)]
            _ = try await target.remote().perform(AdministrativeCommand("set_secret", fields: fields))
            return
        }
        try target.local.keys { keys throws(IdentityError) in try keys.setSharedSecret(secret, for: name) }
    }
}
