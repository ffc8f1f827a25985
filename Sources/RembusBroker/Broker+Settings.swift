package import RembusListening

/// Settings of a broker that runs.
extension Broker {
    /// The settings that the broker runs with now.
    package var configuration: BrokerConfiguration { core.configuration }

    /// Takes over those settings that a running broker can change (``BrokerConfiguration/adopting(_:)``), and reads
    /// certificates and rules again.
    ///
    /// - Parameter certificates: Where the certificates are from now on; nil leaves the place as it is.
    package func adopt(_ configuration: BrokerConfiguration, certificates: TLSServerSettings?) throws {
        let adopted = core.configuration.adopting(configuration)
        if adopted.storage.record != core.configuration.storage.record {
            try core.storage.changeRecording(adopted.storage.record)
        }
        core.adopt(adopted)
        core.counters.failedReloads.note(.settings, hasFailed: false)
        periodicWork.reload(certificates)
    }

    /// Records for the metrics that the settings on the disk could not be used.
    package func settingsWereRefused() { core.counters.failedReloads.note(.settings, hasFailed: true) }
}
