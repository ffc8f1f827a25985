package import Logging
package import RembusStore
package import RembusTables
package import RembusWire

/// The tables of a broker in a DuckLake: every recorded publication in `message`, and those that fit a table of the
/// schema in that table too (storage.md).
///
/// The lake follows the journal: one writer thread moves publications from the journal to the tables, each batch with
/// its progress in one transaction. While the lake fails, publications stay in the journal, and nothing waits for the
/// lake.
package final class Lake: Sendable {
    private let configuration: LakeConfiguration
    private let source: any JournalSource
    private let access: LakeAccess
    private let components = ComponentProjection()
    private let trust = TrustProjection()
    private let reader: LakeArchive
    private let queries: ReaderPool
    /// The services `query_<table>`, `delete_<table>` and `upsert_<table>`, by name (storage.md §6).
    package let services: [String: TableService]
    private let tables: TableServices
    /// The topics that fill tables, as patterns with `*` for any segment.
    package let fillingTopics: [String]
    private let metricsStore = LakeMetricsStore()

    /// How long the start waits for a catalog that does not answer, before it continues without it.
    private static let openTimeout = Duration.seconds(10)

    /// Opens the catalog and creates missing tables. A catalog that cannot be reached is opened later; until then
    /// ``absence`` has the reason, and the services answer with an error. Blocking; not on an event loop.
    /// - Parameters:
    ///   - source: The journal, whose publications are written from ``start()`` on.
    ///   - number: The permanent number of a component's or tenant's name, for publications that are read back.
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
        try access.open(timeout: Self.openTimeout)
        for notice in schema.notices { logger.warning("\(notice)") }
    }

    /// The names of the tables that every broker has for itself.
    package static let systemTables = Set(SystemTable.allCases.map(\.rawValue))

    /// Starts to write.
    package func start() {
        access.start()
    }

    /// For each partition, the receive time of the newest publication that was in the lake at the start; none while the
    /// catalog cannot be reached. A new journal must use later times, because older ones count as written.
    package var archivedTimes: [UInt64] { access.opened?.writer.archivedAtStart ?? [] }

    /// Why there are no tables now; nil when there are, even if they cannot be written.
    package var absence: String? { access.reason?.message }

    /// Calls `body` when the catalog can be reached, before anything is written to it; at once when it can be reached
    /// already.
    package func whenOpen(_ body: @escaping @Sendable () -> Void) { access.whenOpen(body) }

    /// Writes what is in the journal, for at most ``LakeConfiguration/drainTimeout``, and closes the tables. The
    /// journal must still be open.
    package func stop() async {
        await queries.close()
        let opened = await access.close()
        await opened?.writer.stop()
        await reader.close()
        opened?.catalog.close()
    }

    /// The publications that did not fit their tables, for the method `query_rejected`. It has the arguments of
    /// `query_<table>`.
    ///
    /// - Parameter tenant: The caller's tenant.
    package func queryRejected(_ arguments: [Value], tenant: String) async throws -> Value {
        try await tables.rejected(arguments, broker: configuration.name, tenant: tenant)
    }

    /// The publications in the lake, for readers that go further back than the journal.
    package var archive: any Archive { reader }

    /// How far back recorded publications are kept.
    package var retention: RetentionHorizon { configuration.retention }

    /// Whether the last attempt to write has failed. Fast, unlike ``metrics``.
    package var isFailing: Bool { metricsStore.isFailing }

    /// The counts since the start, and the current state of the lake.
    package var metrics: LakeMetrics {
        var metrics = metricsStore.metrics
        metrics.lagBytes = source.unarchivedBytes
        metrics.queries = queries.metrics
        return metrics
    }

    /// A description for the start-up line.
    package var description: String {
        let path = access.opened?.catalog.dataPath ?? configuration.resolvedDataPath
        return "DuckLake \(configuration.catalog), data in \(path)"
    }

    /// Writes the newest state of components to the catalog's component tables, within some seconds.
    package func project(_ records: [ComponentRecord]) {
        components.set(records)
    }

    /// Writes the rights to the catalog's tables, with the next turn of the writer. Plain pins there are replaced by
    /// the hashes that are given here.
    package func projectTrust(_ trust: ProjectedTrust) {
        self.trust.set(trust)
    }

    /// The components, rights and tenants of this broker in the catalog: for the first start with the catalog of
    /// another broker, and for changes that others have made since. Blocking.
    ///
    /// - Parameter withComponents: Whether components are read, of which there may be very many.
    /// - Throws: ``LakeError``; `away` while the catalog cannot be reached.
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

    /// The state of brokers in the catalog (storage.md §5).
    package struct StoredState: Sendable {
        package var components: [ComponentRecord]
        /// Rows that another program has added.
        package var administrators: [String]
        package var tenants: [(tenant: String, secret: String)]
        /// Rows that another program has added.
        package var authorizations: [(topic: String, name: String)]
        /// The rights that this broker has written last, without tenants; nil when it has written none.
        package var projected: ProjectedTrust?
    }
}
