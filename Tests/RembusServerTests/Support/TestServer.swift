import Foundation
import Logging
import TestSupport

@testable import RembusServer

extension Logger {
    /// For servers whose log is of no interest.
    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

extension RembusServer {
    /// A server with its state in a folder, not started. Every port is one that the system chooses.
    static func make(
        in folder: TestFolder, _ change: (inout BrokerConfiguration) throws -> Void = { _ in }
    ) async throws -> RembusServer {
        var configuration = BrokerConfiguration()
        configuration.directory = "\(folder.path)/state"
        configuration.port = 0
        configuration.threads = 1
        configuration.drainTimeout = .milliseconds(200)
        try change(&configuration)
        return try await RembusServer(configuration, logger: .quiet)
    }

    /// The first address of a scheme.
    func address(_ scheme: String) -> String {
        addresses.first { $0.hasPrefix("\(scheme)://") } ?? "there is no \(scheme):// in \(addresses)"
    }
}

extension BrokerConfiguration {
    /// Adds a table that `:dn/telemetry` fills, and HTTP.
    mutating func addTableAndHTTP(in folder: TestFolder) throws {
        gateways.httpPort = 0
        storage.schemaFile = try folder.write(
            "schema.json",
            """
            {"tables": [{"table": "telemetry", "topic": ":dn/telemetry", "columns": [
              {"col": "dn", "type": "TEXT"}, {"col": "temperature", "type": "DOUBLE"}]}]}
            """)
    }
}

/// The files below a folder that this process has open, the folder's own path left out.
func openFiles(below folder: String) -> [String] {
    let folder = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
    return openPaths().filter { $0.hasPrefix("\(folder)/") }.map { String($0.dropFirst(folder.count)) }.sorted()
}

private func openPaths() -> [String] {
    #if os(Linux)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
    #else
    return (0..<4096).compactMap { descriptor in
        var path = [CChar](repeating: 0, count: Int(MAXPATHLEN))
        guard fcntl(Int32(descriptor), F_GETPATH, &path) == 0 else { return nil }
        return String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    #endif
}
