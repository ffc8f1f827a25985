import Foundation

/// The command `rembus broker` as a process that runs for the duration of a closure, with storage, keys, TLS and every
/// protocol.
///
/// ```swift
/// try await BrokerProcess.run(options: ["--http", "0"]) { broker in
///     let component = try await Component.connect(broker.url("meter"))
///     …
/// }
/// ```
///
/// The system chooses the port. The state is in a folder of its own, which is removed with the process.
public final class BrokerProcess: Sendable {
    /// The URL of its WebSocket listener, such as `ws://127.0.0.1:40123`.
    public let url: String
    /// The URLs of all its listeners.
    public let addresses: [String]
    /// The id of the process.
    public let processIdentifier: Int32
    /// The folder of its state.
    public let directory: String
    private let log: LineReader

    private init(_ running: RunningCommand, addresses: [String], url: String) {
        self.url = url
        self.addresses = addresses
        processIdentifier = running.identifier
        directory = running.directory
        log = running.log
    }

    /// The URL for a component with this name.
    public func url(_ name: String) -> String { "\(url)/\(name)" }

    /// The lines of its log so far.
    public var logLines: [String] { log.lines }

    /// Returns the first line of its log that contains a text, and waits for it. Throws ``TestingError`` when the
    /// process ends without one, and `CancellationError` when the task is cancelled.
    @discardableResult
    public func logLine(containing text: String) async throws -> String {
        if let line = await log.first(where: { $0.contains(text) }) { return line }
        try Task.checkCancellation()
        throw TestingError("the log ends without “\(text)”: \(log.lines)")
    }

    /// Starts the command, runs `body`, and ends the process, whether `body` returns or throws.
    ///
    /// - Parameters:
    ///   - command: The path of the command. nil for the one that `REMBUS_BIN` names or, without it, `rembus` in a
    ///     folder of `PATH`.
    ///   - options: Further options of `rembus broker`.
    ///   - environment: Further variables. Those of this process are passed on, except for those that begin with
    ///     `REMBUS_`.
    ///   - body: The test.
    ///
    /// Throws the errors of `body`. Throws ``TestingError`` when there is no such command, or when it ends before it
    /// listens; the error contains its output.
    public static func run<Outcome>(
        command: String? = nil, options: [String] = [], environment: [String: String] = [:],
        isolation: isolated (any Actor)? = #isolation,
        _ body: (BrokerProcess) async throws -> Outcome
    ) async throws -> Outcome {
        let running = try RunningCommand(
            try command ?? find(), ["broker", "--port", "0"] + options, environment: environment)
        do {
            let outcome = try await body(try await ready(running))
            await running.end()
            return outcome
        } catch {
            await running.end()
            throw error
        }
    }

    /// The path of the command.
    private static func find() throws -> String {
        let environment = ProcessInfo.processInfo.environment
        if let given = environment["REMBUS_BIN"], !given.isEmpty { return given }
        let folders = (environment["PATH"] ?? "").split(separator: ":")
        for path in folders.map({ "\($0)/rembus" }) where FileManager.default.isExecutableFile(atPath: path) {
            return path
        }
        throw TestingError("there is no `rembus` in a folder of PATH; name the command in REMBUS_BIN")
    }

    private static func ready(_ running: RunningCommand) async throws -> BrokerProcess {
        if let line = await running.output.first(where: { $0.contains(" ready on ") }) {
            let addresses = addresses(in: line)
            if let url = addresses.first(where: { $0.hasPrefix("ws://") || $0.hasPrefix("wss://") }) {
                return BrokerProcess(running, addresses: addresses, url: url)
            }
        }
        try Task.checkCancellation()
        await running.end()
        // Waits for the end of the log, which comes through another pipe.
        _ = await running.log.first { _ in false }
        let said = (running.output.lines + running.log.lines).joined(separator: "\n")
        throw TestingError("the broker did not say where it listens\(said.isEmpty ? "" : ":\n")\(said)")
    }

    /// The URLs in the line with which a broker reports that it is ready.
    static func addresses(in line: String) -> [String] {
        guard let start = line.range(of: " ready on ")?.upperBound else { return [] }
        let list = line[start...].prefix { $0 != "(" }
        return list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { $0.contains("://") }
    }
}
