package import RembusListening

/// Settings of a broker that runs.
extension Broker {
    /// What the broker was told, as it is now.
    package var configuration: BrokerConfiguration { core.configuration }

    /// Takes over what a running broker can (``BrokerConfiguration/adopting(_:)``), and reads certificates and rules again.
    ///
    /// - Parameter certificates: Where the certificates are from now on; nil for where they were.
    package func adopt(_ configuration: BrokerConfiguration, certificates: TLSServerSettings?) throws {
        let adopted = core.configuration.adopting(configuration)
        if adopted.storage.record != core.configuration.storage.record {
            try core.storage.changeRecording(adopted.storage.record)
        }
        core.adopt(adopted)
        core.counters.failedReloads.note(.settings, hasFailed: false)
        periodicWork.reload(certificates)
    }

    /// Notes that settings on the disk could not be used, for the metrics.
    package func settingsWereRefused() { core.counters.failedReloads.note(.settings, hasFailed: true) }
}
