import Logging
import Metrics
import RembusBroker
import RembusMQTTServer
import RembusTrust

/// Puts a broker together with everything that its configuration asks for: storage, rights, certificates, further ways in.
struct ServerComposer: Sendable {
    let configuration: BrokerConfiguration
    let logger: Logger
    let gateways: GatewayComposer
    /// Whether the process is the server's, as that of the command.
    let ownsProcess: Bool
    private let factory: any MetricsFactory

    init(_ configuration: BrokerConfiguration, logger: Logger, ownsProcess: Bool) {
        self.configuration = configuration
        self.logger = logger
        self.ownsProcess = ownsProcess
        gateways = GatewayComposer(configuration: configuration, logger: logger)
        // Here and not later, where another thread would not know a factory that counts for the caller's task only.
        factory = gateways.factory
    }

    /// What a server consists of.
    struct Server: Sendable {
        let broker: Broker
        let state: StateFolder
    }

    /// Opens everything, nothing listens yet. Blocks.
    ///
    /// - Parameter parts: Gets what has to be closed when this throws.
    func open(_ parts: OpenParts) throws -> Server {
        var state = StateFolder(configuration, logger: logger)
        try state.secure()
        let gateways = try gateways.gateways()
        // What is made from here on has to know where it is counted.
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
