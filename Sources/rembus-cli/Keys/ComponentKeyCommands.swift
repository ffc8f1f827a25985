import ArgumentParser
import Foundation
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
        abstract: "Remove a component: its key, its certificates and its connections count no more.",
        discussion: """
            The broker may be running: within a second or two it ends connections that have proven the name, with a key, a \
            secret or a certificate, and refuses client certificates that were made before. The component can register \
            another key, and a certificate that is made afterwards (`rembus keys client`) is good. Without a key the name is \
            free for everybody in anonymous mode.

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
        if target.isRemote {
            let answer = try await target.remote().perform(
                AdministrativeCommand("remove_key", fields: ["cid": .text(name)]))
            return try report("the broker", hadKey: answer.mapValue?["had_key"]?.boolValue != false)
        }
        guard FileManager.default.fileExists(atPath: target.local.folder.path) else {
            throw CommandFailure("no broker named \(quoted(target.local.name)) has run on this machine yet")
        }
        let hadKey = try target.local.keys { keys throws(IdentityError) in try keys.remove(name) }
        try LocalRules(folder: target.local.folder, isKept: true).remove(name)
        try report(target.local.title, hadKey: hadKey)
    }

    /// A component that has only a certificate has no key here. The same holds for a misspelt name.
    private func report(_ broker: String, hadKey: Bool) throws {
        guard !hadKey else { return try StandardOutput.write("\(quoted(name)) is removed\n") }
        StandardError.say(
            "\(broker) knows no key of \(quoted(name)); certificates of this name that were made until now are refused")
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
        if target.isRemote {
            let fields: [String: Value] = ["cid": .text(name), "secret": .text(secret)]
            _ = try await target.remote().perform(AdministrativeCommand("set_secret", fields: fields))
        } else {
            try target.local.keys { keys throws(IdentityError) in try keys.setSharedSecret(secret, for: name) }
        }
        try StandardOutput.write("\(quoted(name)) has this secret from now on\n")
    }
}
