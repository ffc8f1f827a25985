import Foundation
import TestSupport
import Testing

/// The Python reference broker as a process, on a port of its own and with its data in a temporary folder.
final class ReferenceBroker {
    let port: Int
    /// The broker's `REMBUS_DIR`.
    let folder: URL
    private var process: Process?

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("rembus-interop-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        port = try freePort()
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    func url(_ name: String = "") -> String { "ws://127.0.0.1:\(port)/\(name)" }

    // MARK: Which Python

    /// The interpreter that has the package: `REMBUS_PYTHON`, else the environment that `make setup` made.
    static let python: String? = {
        if let given = ProcessInfo.processInfo.environment["REMBUS_PYTHON"], !given.isEmpty { return given }
        let made = repository.appendingPathComponent(".venv/bin/python").path
        return FileManager.default.isExecutableFile(atPath: made) ? made : nil
    }()

    private static let repository = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let isAvailable = python != nil
    static let absence: Comment = "No Python with the rembus package: run `make setup`, or set REMBUS_PYTHON."

    // MARK: The process

    /// The program that the Python tests start too.
    private static let program = repository.appendingPathComponent("Tests/support/reference_broker.py").path

    /// The program that writes pins into the broker's catalog.
    private static let tenantProgram = repository.appendingPathComponent("Tests/support/reference_tenants.py").path

    /// Sets the pins of tenants, before the first start.
    func setPins(_ pins: [String: String]) throws {
        try run([Self.tenantProgram, "broker"] + pins.map { "\($0)=\($1)" })
    }

    /// Runs statements with the package imported, in the broker's folder, and gives what they print.
    @discardableResult
    func runPython(_ statements: String) throws -> String {
        try run(["-c", "import rembus; \(statements)"])
    }

    @discardableResult
    private func run(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.python))
        process.arguments = arguments
        process.environment = environment
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(text)")
        return text
    }

    private var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("REMBUS_") }
        environment["REMBUS_DIR"] = folder.path
        return environment
    }

    /// Starts the broker and returns when it listens. `settings` are further variables of its environment.
    func start(settings: [String: String] = [:]) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.python))
        process.arguments = [Self.program, "\(port)", "broker", "first_up", "broker"]
        process.environment = environment.merging(settings) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
        let ready = await Task.detached {
            var text = ""
            while !text.contains("ready on") {
                let data = output.fileHandleForReading.availableData
                if data.isEmpty { return false }
                text += String(decoding: data, as: UTF8.self)
            }
            return true
        }.value
        try #require(ready, "the reference broker did not start")
    }

    /// Ends the process at once, as a crash would.
    func kill() {
        guard let process, process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Ends the process in an orderly way, so that it stores what it knows.
    func stop() {
        guard let process, process.isRunning else { return }
        process.interrupt()
        process.waitUntilExit()
    }
}
