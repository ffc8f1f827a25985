import ArgumentParser
import Foundation
import RembusIdentity
import RembusServer

/// The broker of this machine that a command is for.
struct BrokerFolderOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The broker on this machine. (default: $REMBUS_NAME, else broker)", valueName: "name"))
    var broker: String?

    func validate() throws {
        let isOption = broker != nil
        guard !BrokerSettings.isName(name) else { return }
        throw ValidationError(
            "\(isOption ? "--broker" : "REMBUS_NAME") must not be empty, a dot or two, or contain a slash: it names the folder of "
                + "the broker's state.")
    }

    /// The name of the broker.
    var name: String {
        if let broker { return broker }
        let name = ProcessInfo.processInfo.environment["REMBUS_NAME"] ?? ""
        return name.isEmpty ? "broker" : name
    }

    /// The broker as sentences name it.
    var title: String { name == "broker" ? "the broker" : "the broker \(name)" }

    /// The folder of its state, which may not exist.
    var folder: URL { BrokerSettings.directory().appendingPathComponent(name) }

    /// Calls `work` with the keys that the broker knows.
    func keys<Result>(_ work: (BrokerKeys) throws(IdentityError) -> Result) throws(CommandFailure) -> Result {
        do throws(IdentityError) {
            return try work(BrokerKeys(directory: folder.appendingPathComponent("keys").path))
        } catch {
            throw CommandFailure(CommandFailure.phrase(error.message))
        }
    }
}
