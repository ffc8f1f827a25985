import Foundation
import Rembus
import RembusIdentity

/// Where a broker is, and what a connection to it needs: from the options of a command, a context and the environment.
struct BrokerPlace {
    var url: RembusURL
    /// The context that the place is from.
    var context: NamedContext?
    /// A PEM file with the trusted authorities; nil for those of the environment.
    var authorities: String?
    /// What proves the name; nil for the key in the state folder.
    var credential: Credential?

    /// - Parameters:
    ///   - text: The option `--url`. A whole URL takes the place of a context, whose secret is for its own broker only.
    ///   - name: The component's name, if that is said elsewhere.
    static func resolve(_ text: String?, name: String? = nil, context option: ContextOption) throws -> BrokerPlace {
        let isWhole = text?.contains("://") == true
        if isWhole, let context = option.context {
            throw CommandFailure(
                "--url and --context \(context) both say where the broker is; give one of them, or --url with a name only",
                status: .usage)
        }
        let chosen = isWhole ? nil : try option.chosen()
        var url = try chosen?.url() ?? base()
        let own = url.name.map { chosen?.context.completed($0) ?? $0 }
        do {
            if let text { url = try RembusURL(text, base: url) }
        } catch {
            throw CommandFailure(error)
        }
        if let name { url = try self.url(url, named: name) }
        url.name = url.name.map { chosen?.context.completed($0) ?? $0 }
        var place = BrokerPlace(url: url, context: chosen, authorities: chosen?.context.ca)
        // The secret proves the name of the context; another name has a key of its own.
        if url.name == own { place.credential = try chosen?.context.credential() }
        return place
    }

    static func url(_ url: RembusURL, named name: String) throws(CommandFailure) -> RembusURL {
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

    // MARK: Connections

    /// The settings of a connection to this place. A command that cannot connect fails at once, whatever the settings
    /// say about programs.
    func configuration(_ timeout: TimeSpanOption? = nil) -> ComponentConfiguration {
        ComponentConfiguration {
            $0.requestTimeout = timeout?.duration
            $0.startAnyway = false
            $0.tls.authorities = authorities
            $0.credential = credential
        }
    }

    /// Connects. Errors have the form of this program.
    func connect(_ configuration: ComponentConfiguration) async throws -> Component {
        do {
            return try await Component.connect(url, configuration: configuration)
        } catch let error as RembusError where error.code == .connectionDown {
            throw unreachable(error.message)
        }
    }

    /// The failure of a connection, from the sentence of the SDK or a bare reason.
    func unreachable(_ detail: String) -> CommandFailure { Self.unreachable(url, detail) }

    static func unreachable(_ url: RembusURL, _ detail: String) -> CommandFailure {
        let sentence = CommandFailure.phrase(detail)
        if sentence.hasPrefix("cannot connect to ") { return CommandFailure(sentence) }
        var place = url
        place.name = nil
        return CommandFailure("cannot connect to \(place): \(sentence)")
    }
}
