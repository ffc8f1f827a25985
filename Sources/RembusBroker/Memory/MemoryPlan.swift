/// How the broker's memory is divided. Fixed parts come first; connections get the rest.
package struct MemoryPlan: Sendable, Equatable {
    /// Bytes that the process is to stay within.
    package let limit: Int
    /// Bytes for DuckDB: ``StorageConfiguration/lakeMemoryBytes``, half of the limit at most.
    package let lake: Int
    /// Bytes for the newest publications: ``BrokerConfiguration/storeBytes``, an eighth of the limit at most.
    package let store: Int
    /// Bytes for everything that waits for peers or comes from them, retained messages included: the rest, but half of
    /// the limit at most.
    package let connections: Int
    /// The share of `connections` for last values of topics: ``GatewayConfiguration/maxRetainedBytes``, but half at
    /// most.
    package let retained: Int
    /// Bytes for subscriptions, methods and state of components: ``BrokerLimits/maxRememberedBytes``, but a quarter of
    /// the limit at most.
    package let remembered: Int
    /// The share of `remembered` for one address.
    package let rememberedPerAddress: Int

    /// An estimate for the program itself, its libraries, routes and sessions.
    static let ownBytes = 96 << 20
    /// The limit when none is set, on machines with more memory, unless other settings need more.
    static let standardLimit = 2 << 30
    /// The smallest limit that a broker can work with.
    package static let smallestLimit = 192 << 20

    /// - Parameters:
    ///   - hasLake: Whether DuckDB is used at all.
    ///   - availableBytes: Memory of the machine, or what its control group may use.
    package init(_ configuration: BrokerConfiguration, hasLake: Bool = true, availableBytes: Int = SystemMemory.bytes) {
        let (wantedLake, wantedStore) = (hasLake ? configuration.storage.lakeMemoryBytes : 0, configuration.storeBytes)
        if configuration.memoryLimit > 0 {
            limit = max(configuration.memoryLimit, Self.smallestLimit)
        } else {
            // A part that is set to more than its default raises the limit.
            let needed = max(wantedLake > 1 << 30 ? wantedLake * 2 : 0, wantedStore > 256 << 20 ? wantedStore * 8 : 0)
            limit = max(min(availableBytes / 2, max(Self.standardLimit, needed)), Self.smallestLimit)
        }
        lake = min(wantedLake, limit / 2)
        store = min(wantedStore, limit / 8)
        connections = max(min(limit - lake - store - Self.ownBytes, limit / 2), limit / 8)
        retained = min(configuration.gateways.maxRetainedBytes, connections / 2)
        let limits = configuration.limits
        remembered = min(limits.maxRememberedBytes, limit / 4)
        rememberedPerAddress = min(
            limits.maxRememberedBytesPerAddress,
            remembered < limits.maxRememberedBytes ? remembered / 2 : remembered)
    }

    /// The settings that are reduced to what the limit leaves for them, as sentences for the log.
    package func cuts(of configuration: BrokerConfiguration, hasLake: Bool) -> [String] {
        var cuts: [String] = []
        func check(_ name: String, _ wanted: Int, _ given: Int) {
            if given < wanted { cuts.append("\(name) is \(given) instead of \(wanted)") }
        }
        if hasLake { check("lake_memory_bytes", configuration.storage.lakeMemoryBytes, lake) }
        check("store_bytes", configuration.storeBytes, store)
        // Reducing the default is not reported, since nobody has asked for it and nothing depends on it.
        if configuration.limits.maxRememberedBytes != BrokerLimits().maxRememberedBytes {
            check("max_remembered_bytes", configuration.limits.maxRememberedBytes, remembered)
        }
        if configuration.gateways.mqttPort != nil || !configuration.storage.lastValues.isEmpty {
            check("max_retained_bytes", configuration.gateways.maxRetainedBytes, retained)
        }
        return cuts
    }
}
