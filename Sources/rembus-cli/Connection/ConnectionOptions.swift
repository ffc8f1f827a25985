public import ArgumentParser
import Foundation
public import Rembus

/// The broker that a command connects to: the options that all such commands share.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the broker is and, behind it, the own name: ws://HOST:PORT/NAME, or parts of it. "
                + "(default: $REMBUS_BASE_URL, else ws://127.0.0.1:8338)"))
    var url: String?

    @Option(help: "The own name. Without one the broker remembers nothing about this component.")
    var name: String?

    @Option(help: "How messages are encoded on the way to the broker.")
    var encoding = MessageEncoding.cbor

    /// The URL from the options and the environment.
    func resolvedURL() throws -> RembusURL {
        try Self.resolve(url, name: name)
    }

    static func resolve(_ text: String?, name: String? = nil) throws -> RembusURL {
        do {
            let base = try base()
            let url = try text.map { text throws(RembusError) in try RembusURL(text, base: base) } ?? base
            guard let name else { return url }
            return try self.url(url, named: name)
        } catch let error as RembusError {
            throw CommandFailure(error)
        }
    }

    private static func url(_ url: RembusURL, named name: String) throws(CommandFailure) -> RembusURL {
        let text = "\(url.scheme.rawValue):///\(name)"
        do {
            // In the path of a URL a name may have any form, even host:port.
            return try RembusURL(text, base: url)
        } catch {
            // The option was a name, so the message must not speak of a URL.
            let problem = error.message.replacingOccurrences(of: "The URL `\(text)` has", with: "it has")
            throw CommandFailure(
                "invalid name \(quoted(name)): \(CommandFailure.phrase(problem)); use one like `pump7`", status: .usage)
        }
    }

    /// The URL that supplies missing parts. The environment variable is about the broker, so its name is not used.
    private static func base() throws -> RembusURL {
        guard let text = ProcessInfo.processInfo.environment["REMBUS_BASE_URL"], !text.isEmpty else {
            return .standardBase
        }
        guard text.contains("://") else {
            throw CommandFailure(
                "REMBUS_BASE_URL is \(quoted(text)), which lacks the protocol; write it as in ws://localhost:8338",
                status: .usage)
        }
        do {
            var base = try RembusURL(text)
            base.name = nil
            return base
        } catch {
            throw CommandFailure("REMBUS_BASE_URL: \(CommandFailure.phrase(error.message))", status: .usage)
        }
    }

    /// Connects. Errors have the form of this program. `isReactive` is whether subscribing starts delivery.
    func connect(timeout: TimeSpanOption? = nil, isReactive: Bool = true) async throws -> Component {
        let url = try resolvedURL()
        let configuration = ComponentConfiguration {
            $0.encoding = encoding
            $0.requestTimeout = timeout?.duration
            $0.isReactive = isReactive
            // A command that cannot connect fails at once, whatever the settings say about programs.
            $0.startAnyway = false
        }
        do {
            return try await Component.connect(url, configuration: configuration)
        } catch let error as RembusError where error.code == .connectionDown {
            throw Self.unreachable(url, error.message)
        }
    }

    /// The failure of a connection, from the sentence of the SDK or a bare reason.
    static func unreachable(_ url: RembusURL, _ detail: String) -> CommandFailure {
        let sentence = CommandFailure.phrase(detail)
        if sentence.hasPrefix("cannot connect to ") { return CommandFailure(sentence) }
        var place = url
        place.name = nil
        return CommandFailure("cannot connect to \(place): \(sentence)")
    }
}

extension MessageEncoding: ExpressibleByArgument {}
