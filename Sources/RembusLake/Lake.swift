package import Logging
package import RembusStore
package import RembusTables
package import RembusWire

/// The tables of a broker in a DuckLake: every recorded publication in `message`, and those that fit a table of the
/// schema in that table too (storage.md).
///
/// The lake follows the journal: one writer thread moves what the journal has into the tables, every batch with its
/// progress in one transaction. While the lake fails, publications stay in the journal, and nothing waits for it.
package final class Lake: Sendable {
    private let configuration: LakeConfiguration
    private let source: any JournalSource
    private let access: LakeAccess
    private let components = ComponentProjection()
    private let trust = TrustProjection()
    private let reader: LakeArchive
    private let queries: ReaderPool
    /// The services `query_<table>`, `delete_<table>` and `upsert_<table>` by name (storage.md §6).
    package let services: [String: TableService]
    private let tables: TableServices
    /// The topics that fill tables, as patterns with `*` for each segment that may be anything.
    package let fillingTopics: [String]
    private let metricsStore = LakeMetricsStore()

    /// How long the start waits for a catalog that does not answer before it goes on without.
    private static let patience = Duration.seconds(10)

    /// Opens the catalog and makes the tables that are missing. A catalog that cannot be reached is opened later: until
    /// then ``absence`` says why, and the services answer with an error. Blocking; not on an event loop.
    /// - Parameters:
    ///   - source: The journal, whose publications are written from ``start()`` on.
    ///   - number: The durable number of a component's or tenant's name, for publications that are read back.
    /// - Throws: ``LakeError`` in one sentence, when trying again cannot help.
    package init(
        configuration: LakeConfiguration, schema: StoreSchema, source: any JournalSource,
        number: @escaping @Sendable (String) -> UInt32, logger: Logger
    ) throws(LakeError) {
        self.configuration = configuration
        self.source = source
        access = LakeAccess(metricsStore: metricsStore, logger: logger) {
            [components, trust, metricsStore] () throws(LakeError) in
            let catalog = try Catalog(configuration, schema: schema, logger: logger)
            let writer = try LakeWriter(
                configuration, schema: schema, catalog: catalog, source: source, components: components, trust: trust,
                metricsStore: metricsStore, logger: logger)
            return LakeAccess.Opened(catalog: catalog, writer: writer)
        }
        reader = LakeArchive(
            access, name: configuration.name, partitionCount: source.partitionCount, number: number, logger: logger)
        queries = ReaderPool(
            count: configuration.readers, maximumMemory: configuration.memoryLimit + (256 << 20), logger: logger
        ) { [access] () throws(LakeError) in try access.connect() }
        tables = TableServices(
            schema, readers: queries, writer: access, limits: configuration.services,
            tenant: configuration.tableTenant, logger: logger)
        services = tables.methods
        fillingTopics = schema.tables.flatMap(\.fillingTopics)
        try access.open(patience: Self.patience)
        for notice in schema.notices { logger.warning("\(notice)") }
    }

    /// The tables that every broker keeps for itself.
    package static let systemTables = Set(SystemTable.allCases.map(\.rawValue))

    /// Begins to write.
    package func start() {
        access.start()
    }

    /// Per partition, the receive time of the newest publication that the lake had at the start; none while the catalog
    /// cannot be reached. A journal that was begun anew must give later ones: what is older counts as written.
    package var archivedTimes: [UInt64] { access.opened?.writer.archivedAtStart ?? [] }

    /// Why there are no tables now; nil when they are there, also while they cannot be written.
    package var absence: String? { access.reason?.message }

    /// Calls `body` once the catalog can be reached, before anything is written to it; at once when it can be already.
    package func whenOpen(_ body: @escaping @Sendable () -> Void) { access.whenOpen(body) }

    /// Writes what the journal has, as long as ``LakeConfiguration/drainTimeout`` allows, and closes the tables. The
    /// journal must still answer.
    package func stop() async {
        await queries.close()
        let opened = await access.close()
        await opened?.writer.stop()
        await reader.close()
        opened?.catalog.close()
    }

    /// The publications that did not fit their tables, for the method `query_rejected`; it takes what `query_<table>` takes.
    ///
    /// - Parameter tenant: The caller's.
    package func queryRejected(_ arguments: [Value], tenant: String) async throws -> Value {
        try await tables.rejected(arguments, broker: configuration.name, tenant: tenant)
    }

    /// The publications in the lake, for whoever reads further back than the journal goes.
    package var archive: any Archive { reader }

    /// How far back the publications are there that are recorded.
    package var retention: RetentionHorizon { configuration.retention }

    /// Whether the last attempt to write failed. Quick, other than ``metrics``.
    package var isFailing: Bool { metricsStore.isFailing }

    /// Counts since the start, and the present state of the lake.
    package var metrics: LakeMetrics {
        var metrics = metricsStore.metrics
        metrics.lagBytes = source.unarchivedBytes
        metrics.queries = queries.metrics
        return metrics
    }

    /// Words for the start-up line.
    package var description: String {
        let path = access.opened?.catalog.dataPath ?? configuration.resolvedDataPath
        return "DuckLake \(configuration.catalog), data in \(path)"
    }

    /// Takes the newest state of components into the catalog's component tables, within some seconds.
    package func project(_ records: [ComponentRecord]) {
        components.set(records)
    }

    /// Takes the rights into the catalog's tables, at the next turn of the writer. Pins that lie there in the open are
    /// replaced by what is given here.
    package func projectTrust(_ trust: ProjectedTrust) {
        self.trust.set(trust)
    }

    /// What the catalog says of this broker's components, rights and tenants: for the first start on a catalog of
    /// another broker, and for what others wrote there since. Blocking.
    ///
    /// - Parameter withComponents: Whether to read the components, of which there may be very many.
    /// - Throws: ``LakeError``, `away` while the catalog cannot be reached.
    package func storedState(withComponents: Bool = true) throws(LakeError) -> StoredState {
        let connection = try access.connect()
        let name = configuration.name
        return StoredState(
            components: withComponents
                ? try connection.storedComponents(name: name, partitions: source.partitionCount) : [],
            administrators: try connection.storedAdministrators(name: name),
            tenants: try connection.storedTenants(name: name),
            authorizations: try connection.storedAuthorizations(name: name),
            projected: try connection.storedTrust(name: name))
    }

    var name: String { configuration.name }

    func connect() throws(LakeError) -> DatabaseConnection { try access.connect() }

    /// State that brokers keep in the catalog (storage.md §5).
    package struct StoredState: Sendable {
        package var components: [ComponentRecord]
        /// Rows in the catalog that another program has added.
        package var administrators: [String]
        package var tenants: [(tenant: String, secret: String)]
        /// Rows in the catalog that another program has added.
        package var authorizations: [(topic: String, name: String)]
        /// What this broker wrote last, without the tenants; nil when it never did.
        package var projected: ProjectedTrust?
    }
}
