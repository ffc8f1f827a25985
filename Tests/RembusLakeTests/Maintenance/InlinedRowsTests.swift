import Foundation
import Logging
import NIOCore
import RembusTables
import Testing

@testable import RembusLake

/// Rows that stop every flush of their table are looked at one by one.
@Suite struct InlinedRowsTests {
    private static let schema = """
        {"tables": [{"table": "site", "topic": "site", "partition": ["dn"], "columns": [
          {"col": "dn", "type": "TEXT"}, {"col": "v", "type": "INTEGER"}]}]}
        """

    private let folder = LakeFixture.newFolder()

    private func connection(
        _ location: (String) -> CatalogLocation = { .duckdb(path: $0) }
    ) throws -> (DatabaseConnection, Catalog) {
        var configuration = LakeConfiguration(directory: folder, name: "bro")
        configuration.catalog = location("\(folder)/bro.ducklake")
        let schema = try StoreSchema(json: ByteBuffer(string: Self.schema), file: "schema.json")
        let catalog = try Catalog(configuration, schema: schema, logger: Logger(label: "lake"))
        return (try catalog.connect(), catalog)
    }

    @Test("a NUL in the name of a partition", arguments: [false, true])
    func nul(isSQLite: Bool) throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (connection, catalog) = try connection { isSQLite ? .sqlite(path: $0) : .duckdb(path: $0) }
        defer { catalog.close() }
        try connection.execute("INSERT INTO site VALUES ('a' || chr(0) || 'b', 1), ('good', 2), ('gone', 3)")
        try connection.execute("DELETE FROM site WHERE v = 3")
        let rows = InlinedRows(connection: connection, table: "site", name: "bro", forgets: !isSQLite)
        #expect(throws: LakeError.self) { try rows.flush() }
        // The statement that tells an SQLite file of the partition cannot have a NUL in it.
        let refused = isSQLite ? 1 : 0
        #expect(try rows.rescue() == InlinedRows.Rescue(moved: 2 - refused, rejected: refused))
        let kept: [[DatabaseValue]] = isSQLite ? [[2]] : [[1], [2]]
        #expect(try connection.query("SELECT v FROM site ORDER BY v").rows == kept)
        #expect(try connection.query("SELECT count(*) FROM rejected").value?.integer == refused)
        if !isSQLite { try rows.flush() }
        try connection.execute("INSERT INTO site VALUES ('next', 4)")
        if isSQLite {
            #expect(try rows.rescue() == InlinedRows.Rescue(moved: 1, rejected: 0))
        } else {
            try rows.flush()
        }
        #expect(try connection.query("SELECT v FROM site ORDER BY v").rows == kept + [[4]])
    }

    @Test("a name longer than a folder's may be goes to rejected, the others into files")
    func long() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (connection, catalog) = try connection()
        defer { catalog.close() }
        try connection.execute("INSERT INTO site SELECT 'n' || (range % 3), range FROM range(40)")
        try connection.execute("INSERT INTO site VALUES (repeat('x', 300), 100)")
        try connection.execute("INSERT INTO site SELECT 'n' || (range % 3), range FROM range(40, 80)")
        let rows = InlinedRows(connection: connection, table: "site", name: "bro", forgets: true, tenant: "acme")
        #expect(throws: LakeError.self) { try rows.flush() }
        #expect(try rows.rescue() == InlinedRows.Rescue(moved: 80, rejected: 1))
        #expect(try connection.query("SELECT tenant FROM rejected").rows == [["acme"]])
        #expect(try connection.query("SELECT count(*), CAST(sum(v) AS BIGINT) FROM site").rows == [[80, 3160]])
        #expect(try connection.query("SELECT count(*) FROM rejected WHERE contains(decode(data), 'xxx')").value == 1)
        try rows.flush()
    }

    @Test("whose a row is, the tables of the broker say themselves")
    func tenants() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (connection, catalog) = try connection()
        defer { catalog.close() }
        try connection.execute(
            """
            INSERT INTO message (name, recv, topic) VALUES ('bro', 1, 'a'), ('bro', 2, 'b'), ('other', 1, 'c');
            INSERT INTO message_source VALUES ('bro', 1, 'x.acme', 'acme'), ('other', 1, 'y', NULL)
            """)
        func tenants(_ table: String) throws -> [[DatabaseValue]] {
            let rows = InlinedRows(connection: connection, table: table, name: "bro", forgets: true)
            return try connection.query(
                "SELECT \(rows.tenantOfRow) FROM \(Catalog.table(table)) AS t ORDER BY t.name, t.recv"
            ).rows
        }
        #expect(try tenants("message") == [["acme"], ["."], ["."]])
        #expect(try tenants("message_source") == [["acme"], ["."]])
        let site = InlinedRows(connection: connection, table: "site", name: "bro", forgets: true)
        #expect(site.tenantOfRow == "NULL")
    }

    @Test("a disk that takes no file is not the rows' fault")
    func disk() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (connection, catalog) = try connection()
        defer { catalog.close() }
        try connection.execute("INSERT INTO site VALUES ('good', 2)")
        // A file where the folder of all tables would be.
        try? FileManager.default.removeItem(atPath: "\(catalog.dataPath)main")
        try Data().write(to: URL(fileURLWithPath: "\(catalog.dataPath)main"))
        let rows = InlinedRows(connection: connection, table: "site", name: "bro", forgets: true)
        #expect(throws: LakeError.self) { try rows.flush() }
        #expect(throws: LakeError.self) { try rows.rescue() }
        #expect(try connection.query("SELECT v FROM site").rows == [[2]])
        #expect(try connection.query("SELECT count(*) FROM rejected").value == 0)
    }

    @Test("only files that nobody knows and nobody writes are removed")
    func orphans() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (connection, catalog) = try connection()
        defer { catalog.close() }
        try connection.inline(false)
        try connection.execute("INSERT INTO site VALUES ('good', 2)")
        let path = "\(catalog.dataPath)main/site/dn=good"
        let old = Date.now.addingTimeInterval(-7200)
        for (name, date) in [
            ("ducklake-0000.parquet", old), ("ducklake-0001.parquet", .now), ("mine.parquet", old),
            ("ducklake-2.txt", old),
        ] {
            try Data([1]).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: "\(path)/\(name)")
        }
        for file in try FileManager.default.contentsOfDirectory(atPath: path) where file.count > 30 {
            try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: "\(path)/\(file)")
        }
        let files = OrphanedFiles(folder: catalog.dataPath, connection: connection)
        #expect(try files.remove(grace: .seconds(3600)) == 1)
        #expect(!FileManager.default.fileExists(atPath: "\(path)/ducklake-0000.parquet"))
        #expect(try connection.query("SELECT v FROM site").rows == [[2]])
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == 4)
    }
}
