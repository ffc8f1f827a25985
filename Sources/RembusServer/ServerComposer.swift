import Logging
import Metrics
import RembusBroker
import RembusMQTTServer
import RembusTrust

/// Makes a broker with everything that its configuration asks for: storage, rights, certificates, gateways.
struct ServerComposer: Sendable {
    let configuration: BrokerConfiguration
    let logger: Logger
    let gateways: GatewayComposer
    /// Whether the server is the whole process, as with the command.
    let ownsProcess: Bool
    private let factory: any MetricsFactory

    init(_ configuration: BrokerConfiguration, logger: Logger, ownsProcess: Bool) {
        self.configuration = configuration
        self.logger = logger
        self.ownsProcess = ownsProcess
        gateways = GatewayComposer(configuration: configuration, logger: logger)
        // The factory is read here, because a factory that is set for the caller's task only is not visible on another
        // thread.
        factory = gateways.factory
    }

    /// The parts of a server.
    struct Server: Sendable {
        let broker: Broker
        let state: StateFolder
    }

    /// Opens everything. Nothing listens yet. Blocks.
    ///
    /// - Parameter parts: Gets the parts that have to be closed when this throws.
    func open(_ parts: OpenParts) throws -> Server {
        var state = StateFolder(configuration, logger: logger)
        try state.secure()
        let gateways = try gateways.gateways()
        // Objects that are made from here on report to this metrics factory.
        let broker = try withMetricsFactory(factory) {
            let trust = try TrustComposer(configuration: configuration, logger: logger).open()
            parts.whenStartFails { await trust.audit?.close() }
            let certificates = try CertificateSource(configuration).open()
            var storage = try StorageComposer(configuration: configuration, logger: logger, trust: trust.store)
                .open(parts)
            storage.lastValues = try LastValueFile(configuration: configuration, logger: logger)
                .open(storage.memory, parts)
            try state.requireRules(trust.store)
            return Broker(
                configuration: configuration, logger: logger, storage: storage, trust: trust,
                certificates: certificates, gateways: gateways, namespaces: [MQTTNamespace.shared],
                watchesMemory: ownsProcess)
        }
        if !ownsProcess { state.secureCatalog() }
        return Server(broker: broker, state: state)
    }
}
