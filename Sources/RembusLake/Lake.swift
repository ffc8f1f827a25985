package import Logging
package import RembusStore
import RembusWire

/// The tables of a broker in a DuckLake: every recorded publication in `message`, and those that fit a table of the
/// schema in that table too (storage.md).
///
/// The lake follows the journal: one writer thread moves what the journal has into the tables, every batch with its
/// progress in one transaction. While the lake fails, publications stay in the journal, and nothing waits for it.
package final class Lake: Sendable {
    private let configuration: LakeConfiguration
    private let source: any JournalSource
    private let catalog: Catalog
    private let writer: LakeWriter
    private let reader: LakeArchive
    /// Per partition, the receive time of the newest publication that the lake had at the start. A journal that was
    /// begun anew must give later ones: what is older counts as written.
    package let archivedTimes: [UInt64]
    private let queries: ReaderPool
    /// The services `query_<table>`, `delete_<table>` and `upsert_<table>` by name (storage.md §6).
    package let services: [String: TableService]
    private let board = LakeBoard()

    /// Opens the catalog and makes the tables that are missing. Blocking; not on an event loop.
    /// - Parameters:
    ///   - source: The journal, whose publications are written from ``start()`` on.
    ///   - number: The durable number of a component's or tenant's name, for publications that are read back.
    /// - Throws: ``LakeError`` in one sentence.
    package init(
        configuration: LakeConfiguration, schema: StoreSchema, source: any JournalSource,
        number: @escaping @Sendable (String) -> UInt32, logger: Logger
    ) throws(LakeError) {
        self.configuration = configuration
        self.source = source
        catalog = try Catalog(configuration, schema: schema, logger: logger)
        writer = try LakeWriter(
            configuration, schema: schema, catalog: catalog, source: source, board: board, logger: logger)
        archivedTimes = writer.committed
        reader = LakeArchive(
            catalog, name: configuration.name, partitionCount: source.partitionCount, number: number, logger: logger)
        queries = ReaderPool(count: configuration.readers) { [catalog] () throws(LakeError) in try catalog.connect() }
        services =
            TableServices(
                schema, readers: queries, writer: writer, limits: configuration.services,
                tenant: configuration.tableTenant, logger: logger
            ).methods
        for notice in schema.notices { logger.warning("\(notice)") }
    }

    /// Begins to write.
    package func start() {
        writer.start()
    }

    /// Writes what the journal has, tries that for ten seconds at most, and closes the tables. The journal must still
    /// answer.
    package func stop() async {
        await queries.close()
        await writer.stop()
        await reader.close()
        catalog.close()
    }

    /// The publications in the lake, for whoever reads further back than the journal goes.
    package var archive: any Archive { reader }

    /// What the lake has done, and how it stands.
    package var metrics: LakeMetrics {
        var metrics = board.metrics
        metrics.lagBytes = source.unarchivedBytes
        return metrics
    }

    /// Words for the start-up line.
    package var description: String { "DuckLake \(configuration.catalog), data in \(catalog.dataPath)" }

    /// Takes the newest state of components into the catalog's component tables, within some seconds.
    package func project(_ records: [ComponentRecord]) {
        writer.components.set(records)
    }

    /// Takes the rights into the catalog's tables, at the next turn of the writer. Pins that lie there in the open are
    /// replaced by what is given here.
    package func projectTrust(_ trust: ProjectedTrust) {
        writer.trust.set(trust)
    }

    /// What the catalog says of this broker's components, rights and tenants: for the first start on a catalog of
    /// another broker, and for what others wrote there since. Blocking.
    package func storedState() throws(LakeError) -> StoredState {
        let connection = try catalog.connect()
        let name = configuration.name
        return StoredState(
            components: try connection.storedComponents(name: name, partitions: source.partitionCount),
            administrators: try connection.storedAdministrators(name: name),
            tenants: try connection.storedTenants(name: name),
            authorizations: try connection.storedAuthorizations(name: name),
            projected: try connection.storedTrust(name: name))
    }

    /// State that brokers keep in the catalog (storage.md §5).
    package struct StoredState: Sendable {
        package var components: [ComponentRecord]
        /// Those that this broker did not write itself.
        package var administrators: [String]
        package var tenants: [(tenant: String, secret: String)]
        /// Those that this broker did not write itself.
        package var authorizations: [(topic: String, name: String)]
        /// What this broker wrote last, without the tenants; nil when it never did.
        package var projected: ProjectedTrust?
    }
}
