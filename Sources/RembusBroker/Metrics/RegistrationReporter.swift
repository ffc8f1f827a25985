import Metrics

/// Reports to swift-metrics how much is held for components, separately for those with and without a proof of identity.
struct RegistrationReporter: Sendable {
    private let tables: RoutingTables
    private let proven: Meters
    private let claimed: Meters

    private struct Meters: Sendable {
        let names: any MeterHandler
        let bytes: any MeterHandler

        init(_ proof: String) {
            let factory = MetricsSystem.factory
            names = factory.makeMeter(label: BrokerMetrics.rememberedNames, dimensions: [("proof", proof)])
            bytes = factory.makeMeter(label: BrokerMetrics.rememberedBytes, dimensions: [("proof", proof)])
        }

        func set(_ usage: RegistrationLedger.Usage) {
            names.set(Int64(usage.names))
            bytes.set(Int64(usage.bytes))
        }
    }

    init(_ tables: RoutingTables) {
        self.tables = tables
        proven = Meters("proven")
        claimed = Meters("claimed")
    }

    func report() {
        let usage = tables.registrations
        proven.set(usage.proven)
        claimed.set(usage.unproven)
    }
}
