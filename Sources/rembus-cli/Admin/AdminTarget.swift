import ArgumentParser
import Foundation
import Rembus

/// The broker that an administrative command is for: a running one, or the files of one on this machine.
struct AdminTarget: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Ask a running broker, as the administrator NAME: ws://HOST:PORT/NAME, or parts of it. (default: change the "
                + "files of a broker on this machine; what needs a running broker asks the one of the context)"))
    var url: String?

    @OptionGroup
    var context: ContextOption

    @OptionGroup
    var local: BrokerFolderOptions

    @Option(
        help: "How long to wait for a running broker: 500ms, 30s, 10m, … (default: 10s, or the setting request_timeout)"
    )
    var timeout: TimeSpanOption?

    func validate() throws {
        if isRemote, local.broker != nil {
            let option = url == nil ? "--context" : "--url"
            throw ValidationError(
                "--broker is a broker on this machine, \(option) one over the network: give one of them.")
        }
    }

    /// Whether the broker is asked over the network. A context that is merely in use does not decide that, because the
    /// same words would change other rules than before.
    var isRemote: Bool { url != nil || context.context != nil }

    /// The rules to read or change. With `forReading` no folder is created for a broker that does not exist.
    func rules(forReading: Bool = false) throws -> any TrustRules {
        guard !isRemote else { return RemoteRules(broker: try remote()) }
        let isKnown = FileManager.default.fileExists(atPath: local.folder.path)
        if !isKnown, local.broker != nil {
            StandardError.say(
                "no broker named \(quoted(local.name)) has run on this machine, in \(local.folder.path), yet")
        }
        return try LocalRules(folder: local.folder, isKept: isKnown || !forReading)
    }

    /// The running broker. `command` is named in the error when no broker was given.
    func remote(for command: String = "") throws -> RemoteBroker {
        guard try url != nil || context.chosen() != nil else {
            throw CommandFailure(
                "`rembus admin \(command)` asks a running broker, and needs to know which: add --url ws://HOST:PORT/NAME, where "
                    + "NAME is an administrator (see `rembus admin administrator add`)", status: .usage)
        }
        let place = try BrokerPlace.resolve(url, context: context)
        guard place.url.name == nil else { return RemoteBroker(place: place, timeout: timeout) }
        let origin = url.map { "--url \($0)" } ?? place.context.map { "the context \(quoted($0.name))" } ?? "the URL"
        throw CommandFailure(
            "\(origin) lacks the name of an administrator; add it as in \(place.url)/NAME", status: .usage)
    }
}
