import ArgumentParser
import Foundation
import Rembus

struct ContextValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Try a context: its files, a connection, the proof of the name.",
        discussion: """
            Examples:
              rembus context validate
              rembus context validate plant --timeout 3s
            """)

    @Argument(
        help: "The name of the context. (default: $REMBUS_CONTEXT, else the one in use)",
        completion: .custom { _, _, _ in ContextNames.known })
    var name: String?

    @Option(help: "How long to wait for the broker: 500ms, 30s, 10m, … (default: 10s, or the setting request_timeout)")
    var timeout: TimeSpanOption?

    func run() async throws {
        var option = ContextOption()
        option.context = name
        // The one in use is tried also where REMBUS_BASE_URL comes before it.
        if name == nil, try option.chosen() == nil { option.context = try ContextFile.read().inUse }
        guard let chosen = try option.chosen() else {
            throw CommandFailure(
                "no context is in use; name one, or choose one with `rembus context use`", status: .usage)
        }
        try chosen.context.checkFiles()
        let place = try BrokerPlace.resolve(nil, context: option)
        let component = try await place.connect(place.configuration(timeout))
        do {
            // A component with a name has logged in, and one without has got an answer of the broker.
            let began = ContinuousClock.now
            let broker = try await component.callValue("rid", arguments: [], timeout: timeout?.duration)
            let elapsed = ContinuousClock.now - began
            await component.close()
            let answerer = ValueLayout.visible(broker.stringValue ?? broker.jsonText)
            let milliseconds = String(format: "%.1f", elapsed / .milliseconds(1))
            let login = place.url.name.map { ", as \(quoted($0))" } ?? ""
            try StandardOutput.write(
                "\(chosen.name) works: \(answerer) answers at \(chosen.context.url)\(login), in \(milliseconds) ms\n")
        } catch {
            await component.close()
            throw error
        }
    }
}
