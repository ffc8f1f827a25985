import CDuckDB

/// The two SQL functions with which a ``QueryBudget`` measures. Clients cannot use them, because their text never
/// becomes SQL.
enum BudgetFunctions {
    // Both have one more argument, the anchor: a column or an expression of one. DuckDB calls a function of a single
    // column only for the distinct values of a chunk, which may be fewer than the function that is to be measured is
    // called for.

    /// `(token, measure, weight, operands…, anchor)`: returns true, or fails.
    static let condition = "rembus_fits"
    /// `(token, measure, weight, text, anchor)`: returns the text, or fails.
    static let text = "rembus_text"

    /// Registers the functions in the connection's database.
    static func register(_ connection: DatabaseConnection) throws(LakeError) {
        try register(connection, condition, operand: DUCKDB_TYPE_ANY, isVariadic: true, result: DUCKDB_TYPE_BOOLEAN) {
            info, input, output in
            guard let rows = BudgetFunctions.measure(info, input) else { return }
            guard let truths = duckdb_vector_get_data(output) else { return }
            truths.bindMemory(to: Bool.self, capacity: rows).update(repeating: true, count: rows)
        }
        try register(connection, text, operand: DUCKDB_TYPE_VARCHAR, isVariadic: false, result: DUCKDB_TYPE_VARCHAR) {
            info, input, output in
            guard BudgetFunctions.measure(info, input) != nil else { return }
            duckdb_vector_reference_vector(output, duckdb_data_chunk_get_vector(input, 3))
        }
    }

    private static func register(
        _ connection: DatabaseConnection, _ name: String, operand: duckdb_type, isVariadic: Bool, result: duckdb_type,
        _ body: duckdb_scalar_function_t
    ) throws(LakeError) {
        var function: duckdb_scalar_function? = duckdb_create_scalar_function()
        defer { duckdb_destroy_scalar_function(&function) }
        duckdb_scalar_function_set_name(function, name)
        let number = LogicalType(consuming: duckdb_create_logical_type(DUCKDB_TYPE_BIGINT))
        for _ in 0..<3 { duckdb_scalar_function_add_parameter(function, number.handle) }
        let operand = LogicalType(consuming: duckdb_create_logical_type(operand))
        if isVariadic {
            duckdb_scalar_function_set_varargs(function, operand.handle)
        } else {
            duckdb_scalar_function_add_parameter(function, operand.handle)
            let any = LogicalType(consuming: duckdb_create_logical_type(DUCKDB_TYPE_ANY))
            duckdb_scalar_function_add_parameter(function, any.handle)
        }
        let type = LogicalType(consuming: duckdb_create_logical_type(result))
        duckdb_scalar_function_set_return_type(function, type.handle)
        // A null operand must not make the condition null.
        duckdb_scalar_function_set_special_handling(function)
        duckdb_scalar_function_set_function(function, body)
        guard duckdb_register_scalar_function(connection.handle, function) == DuckDBSuccess else {
            throw LakeError(.other, "DuckDB does not take the function \(name)")
        }
    }

    /// Measures the operands. Returns the number of rows; nil when the statement has to end.
    private static func measure(_ info: duckdb_function_info?, _ input: duckdb_data_chunk?) -> Int? {
        let rows = Int(duckdb_data_chunk_get_size(input))
        guard rows > 0 else { return 0 }
        let numbers = (0..<3).map { index in
            duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, idx_t(index)))?.load(as: Int64.self) ?? 0
        }
        let operands = (3..<max(3, Int(duckdb_data_chunk_get_column_count(input)) - 1)).map { index in
            duckdb_data_chunk_get_vector(input, idx_t(index))
        }
        guard let budget = QueryBudget.named(numbers[0]), let measure = QueryBudget.Measure(rawValue: numbers[1]) else {
            duckdb_scalar_function_set_error(info, "the statement has no budget")
            return nil
        }
        let amount = OperandMeasure.amount(measure, operands, rows: rows)
        guard let refusal = budget.take(measure, amount, weight: Int(numbers[2])) else { return rows }
        duckdb_scalar_function_set_error(info, refusal)
        return nil
    }
}
