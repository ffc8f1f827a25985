import Foundation
import Logging
import NIOCore
import RembusLake
import RembusTables
import RembusWire
import Testing

/// A lake in a folder of its own, fed from a journal in memory.
final class LakeFixture: Sendable {
    let folder: String
    let journal: TestJournal
    let configuration: LakeConfiguration
    let schema: StoreSchema
    let lake: Lake

    /// The schema of the project's page (storage.md §4.6).
    static let sensors = """
        {"tables": [
          {"table": "sensor", "topic": ":site/:type/:dn/sensor", "keys": ["dn"], "columns": [
            {"col": "site", "type": "TEXT", "nullable": false}, {"col": "type", "type": "TEXT", "nullable": false},
            {"col": "dn", "type": "TEXT"}]},
          {"table": "telemetry", "topic": ":dn/telemetry", "extras": {"recv_ts": "ts", "slot": "time_bucket"}, "columns": [
            {"col": "dn", "type": "TEXT"}, {"col": "temperature", "type": "DOUBLE"},
            {"col": "pressure", "type": "DOUBLE"}]}
        ]}
        """

    /// Opens a lake; the same folder and journal again for what comes after a restart.
    init(
        _ schema: String = LakeFixture.sensors, folder: String? = nil, journal: TestJournal? = nil,
        partitions: Int = 1, isStarted: Bool = true, configure: (inout LakeConfiguration) -> Void = { _ in }
    ) throws {
        self.folder = folder ?? Self.newFolder()
        self.journal = journal ?? TestJournal(partitions: partitions)
        self.schema = try StoreSchema(json: ByteBuffer(string: schema), file: "schema.json")
        var configuration = LakeConfiguration(directory: self.folder, name: "bro")
        configuration.interval = .milliseconds(20)
        configuration.maintenance.isEnabled = false
        configure(&configuration)
        self.configuration = configuration
        var logger = Logger(label: "lake")
        logger.logLevel = .critical
        let journal = self.journal
        lake = try Lake(
            configuration: configuration, schema: self.schema, source: journal, number: { journal.number($0) },
            logger: logger)
        if isStarted { lake.start() }
    }

    static func newFolder() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("rembus-lake-\(UUID().uuidString)").path
    }

    func removeFolder() { try? FileManager.default.removeItem(atPath: folder) }

    /// Waits until everything that was published is in the lake.
    func drain(timeout: Duration = .seconds(120)) async throws {
        let deadline = ContinuousClock.now + timeout
        while journal.unarchivedBytes > 0 {
            try #require(ContinuousClock.now < deadline, "the lake did not take everything in time")
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Stops the lake, and runs a query on its catalog as any reader of DuckLake would.
    func rows(_ sql: String) async throws -> [[DatabaseValue]] {
        await lake.stop()
        return try Self.rows(sql, configuration)
    }

    static func rows(_ sql: String, _ configuration: LakeConfiguration) throws -> [[DatabaseValue]] {
        let connection = try Database().connect()
        try connection.load(extension: "ducklake")
        if case .sqlite = configuration.catalog { try connection.load(extension: "sqlite_scanner") }
        if case .postgres = configuration.catalog { try connection.load(extension: "postgres_scanner") }
        let url = configuration.catalog.url
        try connection.execute("ATTACH \(SQL.literal(url)) AS rl (READ_ONLY); USE rl")
        return try connection.query(sql).rows
    }
}

extension CatalogLocation {
    /// The URL with everything that is needed to connect.
    var url: String {
        switch self {
        case .duckdb(let path): "ducklake:\(path)"
        case .sqlite(let path): "ducklake:sqlite:\(path)"
        case .postgres(let connection): "ducklake:postgres:\(connection)"
        }
    }
}
