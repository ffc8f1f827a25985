import DataFrames
package import Logging
import NIOCore
import RembusStore
package import RembusTables
import RembusWire

/// The services of the schema's tables: `query_<table>`, `delete_<table>` and `upsert_<table>` (storage.md §6).
///
/// Arguments of clients are checked here and never become part of SQL. Errors are for the caller, with status 40.
package final class TableServices: Sendable {
    /// Limits of the services.
    package struct Limits: Sendable {
        /// How long a statement may run. Default 10 s.
        package var timeout: Duration = .seconds(10)
        /// The bytes that all functions of a statement together may make of one chunk of rows (2048 at most). Default
        /// 256 MiB.
        package var maximumChunkBytes = 256 << 20
        /// How long one function may work on a chunk, as an estimate in hundredths of a nanosecond. Default 4 s.
        package var maximumChunkWork = 400_000_000_000
        /// The largest answer in bytes; a larger one is an error. Default 60 MiB less some bytes for the message around
        /// it, protocol.md §1.1.
        package var maximumAnswerBytes = 62_914_560 - 4096

        package init() {}
    }

    private let readers: ReaderPool
    private let writer: any TableWriting
    private let limits: Limits
    private let tables: [ServedTable]
    let tenant: TableTenant
    private let failures: ServiceFailures

    /// Services that read with `readers` and write with `writer`.
    ///
    /// - Parameter tenant: The tenant of tables for which the schema names none.
    package init(
        _ schema: StoreSchema, readers: ReaderPool, writer: any TableWriting, limits: Limits = Limits(),
        tenant: TableTenant = .all, logger: Logger
    ) {
        self.tenant = tenant
        failures = ServiceFailures(logger: logger)
        self.readers = readers
        self.writer = writer
        self.limits = limits
        tables = schema.tables.map(ServedTable.init)
    }

    /// The services by the name of their method.
    package var methods: [String: TableService] {
        var methods: [String: TableService] = [:]
        for table in tables {
            methods["query_\(table.schema.name)"] = service(of: table, isWriting: false, query)
            methods["delete_\(table.schema.name)"] = service(of: table, isWriting: true, delete)
            methods["upsert_\(table.schema.name)"] = service(of: table, isWriting: true, optionsAt: 1, upsert)
        }
        return methods
    }

    private func service(
        of table: ServedTable, isWriting: Bool, optionsAt options: Int = 0,
        _ body: @escaping @Sendable (ServedTable, [Value]) async throws -> Value
    ) -> TableService {
        TableService(
            tenant: table.schema.tenant ?? tenant, isWriting: isWriting, topics: table.schema.fillingTopics
        ) { [self] in try await answer(table, $0, optionsAt: options, body) }
    }

    /// Answers a call with `body`, which sees everything that was accepted before, unless the caller asks otherwise.
    func answer(
        _ table: ServedTable, _ arguments: [Value], optionsAt options: Int,
        _ body: (ServedTable, [Value]) async throws -> Value
    ) async throws -> Value {
        do {
            let option = try FreshOption(arguments, at: options)
            // Some of the time is reserved for the answer.
            if option.isFresh {
                try await writer.waitUntilCurrent(timeout: (CallTime.limit ?? limits.timeout) * 0.8)
            }
            return try await body(table, option.arguments)
        } catch {
            throw failures.forCaller(error, table: table.schema)
        }
    }

    func query(_ table: ServedTable, _ arguments: [Value]) async throws -> Value {
        let query = try TableQuery(arguments)
        let limits = callLimits
        let deadline = ContinuousClock.now + limits.timeout
        return try await readers.perform(until: deadline, late: Self.slow(limits)) { connection in
            try QueryBudget.with(limits, on: connection) { budget in
                let sql = try query.sql(table, connection, budget: budget)
                // Checks in the SQL would be part of the names that DuckDB gives to columns without a name.
                let plain = budget.isUsed ? try query.sql(table, connection) : sql
                let left = deadline - .now
                guard left > .zero else { throw Self.slow(limits) }
                do {
                    let frame = try connection.frame(
                        sql, named: plain == sql ? nil : plain, timeout: left,
                        maximumBytes: limits.maximumAnswerBytes)
                    return try Answer(frame).value
                } catch let error as LakeError where error.kind == .timedOut {
                    throw Self.slow(limits)
                }
            }
        }
    }

    private func delete(_ table: ServedTable, _ arguments: [Value]) async throws -> Value {
        let argument = try ServiceArgument.map(arguments, keys: ["where", "when"])
        let text = try argument?.text("where")
        // The reference deletes everything for an empty map. A missing key is more likely a mistake (storage.md §6.2).
        if argument != nil, text == nil {
            throw LakeError(.invalid, "the key where is missing; without any argument all rows are deleted")
        }
        let limits = callLimits
        return try await writer.perform(until: .now + limits.timeout, late: Self.slow(limits)) { connection in
            try QueryBudget.with(limits, on: connection) { budget in
                var sql = "DELETE FROM \(table.name)"
                var scope = table.scope
                scope.budget = budget
                if let text { sql += " WHERE \(try Condition(text, scope: scope, parser: connection).sql)" }
                try connection.inline(true)
                try connection.execute(sql, timeout: limits.timeout)
                return .null
            }
        }
    }

    private func upsert(_ table: ServedTable, _ arguments: [Value]) async throws -> Value {
        let upsert = try Upsert(table, arguments)
        guard upsert.rows.count > 0 else { return .null }
        let limits = callLimits
        return try await writer.perform(until: .now + limits.timeout, late: Self.slow(limits)) { connection in
            try PartitionNames(table.schema)?.check(upsert.rows, connection)
            try connection.inline(rows: upsert.rows.count, bytes: upsert.rows.source.byteCount)
            try connection.whileLocked(for: limits.timeout) { () throws(LakeError) in
                try upsert.run(connection, timeout: limits.timeout)
            }
            return .null
        }
    }

    /// The limits for the call of the current task, whose caller may wait for a longer or a shorter time.
    private var callLimits: Limits {
        var limits = limits
        if let asked = CallTime.limit { limits.timeout = asked }
        return limits
    }

    private static func slow(_ limits: Limits) -> LakeError {
        LakeError(
            .timedOut,
            "the query took longer than \(limits.timeout.components.seconds) s; narrow it with where or limit")
    }
}
