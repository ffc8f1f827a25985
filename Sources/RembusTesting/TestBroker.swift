public import Logging
public import RembusBroker

/// A broker in this process that listens on a port of the loopback interface for the duration of a closure.
///
/// ```swift
/// try await TestBroker.run { broker in
///     let component = try await Component.connect(broker.url("meter"))
///     try await component.publish("plant/7", 21.5, qos: .atLeastOnce)
///     await component.close()
/// }
/// ```
///
/// The system chooses the port, so that tests may run side by side. Publications and names are kept in memory.
public struct TestBroker: Sendable {
    /// The broker, with its events and its status.
    public let broker: Broker
    /// The URL of its WebSocket listener, such as `ws://127.0.0.1:40123`.
    public let url: String

    /// The URL for a component with this name.
    public func url(_ name: String) -> String { "\(url)/\(name)" }

    /// Starts a broker, runs `body`, and shuts the broker down, whether `body` returns or throws.
    ///
    /// - Parameters:
    ///   - logger: The logger of the broker; by default it discards everything.
    ///   - adjust: Changes the configuration. By default the system chooses the port.
    ///   - body: The test.
    ///
    /// Throws the errors of `body`, and ``BrokerError`` when the broker cannot start.
    public static func run<Outcome>(
        logger: Logger = Logger(label: "broker") { _ in SwiftLogNoOpLogHandler() },
        configure adjust: (inout BrokerConfiguration) -> Void = { _ in },
        isolation: isolated (any Actor)? = #isolation,
        _ body: (TestBroker) async throws -> Outcome
    ) async throws -> Outcome {
        var configuration = BrokerConfiguration()
        configuration.port = 0
        configuration.threads = 1
        configuration.drainTimeout = .milliseconds(200)
        adjust(&configuration)
        let broker = try Broker(configuration: configuration, logger: logger)
        try await broker.start()
        do {
            guard let url = broker.addresses.first else { throw TestingError("the broker listens nowhere") }
            let outcome = try await body(TestBroker(broker: broker, url: url))
            await broker.shutDown()
            return outcome
        } catch {
            await broker.shutDown()
            throw error
        }
    }
}
