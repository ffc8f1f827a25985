import Foundation
import Logging
import RembusServer
import ServiceLifecycle

/// A program with a broker inside, with tables and HTTP: `swift run embedded FOLDER`, until SIGINT or SIGTERM.
@main
struct Embedded {
    static func main() async throws {
        let folder = CommandLine.arguments.dropFirst().first ?? "embedded-state"
        let schema = """
            {"tables": [{"table": "telemetry", "topic": ":dn/telemetry", "columns": [
              {"col": "dn", "type": "TEXT"}, {"col": "temperature", "type": "DOUBLE"}]}]}
            """
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try schema.write(toFile: "\(folder)/schema.json", atomically: true, encoding: .utf8)

        var configuration = BrokerConfiguration()
        configuration.directory = folder
        configuration.storage.schemaFile = "\(folder)/schema.json"
        configuration.port = 0
        configuration.gateways.httpPort = 0
        let server = try await RembusServer(configuration)
        server.expose("double") { arguments in .integer(2 * Int64(arguments.first?.intValue ?? 0)) }

        try await server.start()
        FileHandle.standardOutput.write(Data("\(server.addresses.joined(separator: " "))\n".utf8))
        let group = ServiceGroup(
            services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "embedded"))
        try await group.run()
    }
}
