import CDuckDB
package import DataFrames

/// A prepared statement of a connection. Used on the connection's thread.
package final class Statement {
    private var handle: duckdb_prepared_statement?
    private let connection: DatabaseConnection

    init(_ sql: String, connection: DatabaseConnection) throws(LakeError) {
        self.connection = connection
        guard duckdb_prepare(connection.handle, sql, &handle) == DuckDBSuccess else {
            throw LakeError(DUCKDB_ERROR_INVALID, text: duckdb_prepare_error(handle))
        }
    }

    deinit {
        duckdb_destroy_prepare(&handle)
    }

    /// The number of parameters.
    package var parameterCount: Int { Int(duckdb_nparams(handle)) }

    /// The names of the result's columns.
    var columnNames: [String] {
        (0..<duckdb_prepared_statement_column_count(handle)).map { index in
            let name = duckdb_prepared_statement_column_name(handle, index)
            defer { duckdb_free(UnsafeMutableRawPointer(mutating: name)) }
            return name.map { String(cString: $0) } ?? ""
        }
    }

    /// The columns of the result as a select list that casts intervals to texts, because most readers of Arrow (Polars
    /// among them) cannot read its intervals; nil when there are none.
    var readableColumns: String? {
        let types = (0..<duckdb_prepared_statement_column_count(handle)).map {
            LogicalType(consuming: duckdb_prepared_statement_column_logical_type(handle, $0))
        }
        guard types.contains(where: \.hasIntervals) else { return nil }
        let names = columnNames
        return types.enumerated().map { index, type in
            let column = "#\(index + 1)"
            let alias = SQL.identifier(names[index])
            return "\(type.hasIntervals ? "CAST(\(column) AS VARCHAR)" : column) AS \(alias)"
        }.joined(separator: ", ")
    }

    /// Runs the statement with a value for each parameter and returns the whole result.
    package func query(_ parameters: [DatabaseValue] = [], timeout: Duration? = nil) throws(LakeError) -> QueryResult {
        try bind(parameters)
        var result = duckdb_result()
        let outcome = connection.interrupter.run(timeout: timeout) { duckdb_execute_prepared(handle, &result) }
        do {
            try connection.check(outcome, &result, timeout: timeout)
        } catch {
            duckdb_destroy_result(&result)
            throw error
        }
        return QueryResult(consuming: result)
    }

    /// Runs the statement with a value for each parameter and makes a dataframe from the rows as they come.
    ///
    /// - Parameter names: Other names for the columns.
    /// - Throws: ``LakeError/Kind/tooLarge`` when the dataframe has more than `maximumBytes` as an Arrow stream. The
    ///   message states its size.
    package func frame(
        _ parameters: [DatabaseValue] = [], names: [String]? = nil, timeout: Duration? = nil,
        maximumBytes: Int = .max
    ) throws(LakeError) -> DataFrame {
        try bind(parameters)
        var result = duckdb_result()
        defer { duckdb_destroy_result(&result) }
        var frame: Result<DataFrame, LakeError>?
        let outcome = connection.interrupter.run(timeout: timeout) {
            guard duckdb_execute_prepared_streaming(handle, &result) == DuckDBSuccess else { return DuckDBError }
            frame = Result { () throws(LakeError) in try Self.read(&result, names, maximumBytes) }
            // The text of an error between the rows is in the result.
            let text = duckdb_result_error(&result)
            return text == nil || text?.pointee == 0 ? DuckDBSuccess : DuckDBError
        }
        try connection.check(outcome, &result, timeout: timeout)
        guard let frame else { throw LakeError(.other, "the statement has no result") }
        return try frame.get()
    }

    private static func read(
        _ result: inout duckdb_result, _ names: [String]?, _ maximumBytes: Int
    ) throws(LakeError) -> DataFrame {
        var reader = try FrameReader(&result, names: names, maximumBytes: maximumBytes)
        defer { reader.close() }
        try reader.read(result)
        return try reader.frame()
    }

    private func bind(_ parameters: [DatabaseValue]) throws(LakeError) {
        guard parameters.count == parameterCount else {
            throw LakeError(.invalid, "the statement has \(parameterCount) parameters, not \(parameters.count)")
        }
        for (index, parameter) in parameters.enumerated() {
            let state = parameter.withParameter { duckdb_bind_value(handle, idx_t(index + 1), $0) }
            guard state == DuckDBSuccess else {
                throw LakeError(.invalid, "parameter \(index + 1) cannot be bound")
            }
        }
    }
}
