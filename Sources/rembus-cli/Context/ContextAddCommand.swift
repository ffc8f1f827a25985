import ArgumentParser
import Foundation
import Rembus

struct ContextAddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a context.",
        discussion: """
            The first one is in use at once, later ones with --use. Files are kept by their path, not copied. Without \
            --secret-file the key of the name is the one that `rembus register` has put into $REMBUS_DIR.

            Examples:
              rembus context add plant wss://broker.example.org/me --ca ca.crt
              rembus context add acme wss://broker.example.org/pump7 --tenant acme --secret-file pump7.secret
              rembus context add plant wss://new.example.org/me --replace
            """)

    @Argument(help: "The name of the context: letters, digits, dots, - and _.")
    var context: String

    @Argument(help: "Where the broker is and, behind it, the own name: ws://HOST:PORT/NAME.")
    var url: String

    @Option(help: "The own name, if the URL has none.")
    var name: String?

    @Option(
        help: ArgumentHelp("A PEM file with the authorities to trust on wss, tls and mqtts.", valueName: "file"),
        completion: .file())
    var ca: String?

    @Option(
        help: ArgumentHelp("The file with the private key or the secret that proves the name.", valueName: "file"),
        completion: .file())
    var secretFile: String?

    @Option(help: "The tenant that is added to names without one: pump7 is pump7.TENANT.")
    var tenant: String?

    @Flag(help: "Replace a context of this name.")
    var replace = false

    @Flag(help: "Use it from now on.")
    var use = false

    func validate() throws {
        if !ContextNames.isPossible(context) {
            throw ValidationError(
                "A context's name has 1 to 64 letters, digits, dots, - and _, and does not begin with -.")
        }
        if !url.contains("://") { throw ValidationError("The URL lacks the protocol; write it as in ws://\(url).") }
        if name?.isEmpty == true { throw ValidationError("--name is empty.") }
        if tenant?.isEmpty == true { throw ValidationError("--tenant is empty.") }
    }

    func run() throws {
        let made = try make()
        try made.checkFiles()
        let isInUse = try ContextFile.change { file in
            guard replace || file.contexts[context] == nil else {
                throw CommandFailure(
                    "there is a context \(quoted(context)) already; --replace replaces it", status: .usage)
            }
            if use || file.contexts.isEmpty { file.inUse = context }
            file.contexts[context] = made
            return file.inUse == context
        }
        try StandardOutput.write(
            "\(context) is added" + (isInUse ? " and in use" : "; `rembus context use \(context)` uses it") + "\n")
    }

    private func make() throws -> Context {
        var place: RembusURL
        do {
            place = try RembusURL(url)
        } catch {
            throw CommandFailure(error)
        }
        if let name {
            guard place.name == nil || place.name == name else {
                throw CommandFailure(
                    "the URL has the name \(quoted(place.name ?? "")), and --name another one", status: .usage)
            }
            place = try BrokerPlace.url(place, named: name)
        }
        if secretFile != nil, place.name == nil {
            throw CommandFailure(
                "--secret-file proves a name, and there is none; add it to the URL, as in \(place)/NAME", status: .usage
            )
        }
        if ca != nil, !place.scheme.isSecure {
            throw CommandFailure(
                "--ca is for wss://, tls:// and mqtts://, not \(place.scheme.rawValue)://", status: .usage)
        }
        return Context(url: "\(place)", ca: ca.map(absolute), secretFile: secretFile.map(absolute), tenant: tenant)
    }

    /// The path from the root: the context is used in other folders too.
    private func absolute(_ path: String) -> String { URL(fileURLWithPath: path).path }
}
