// The DuckDB functions that this program calls: FUNCTION(result, name, parameters, arguments).
// A name that is missing here is an undefined symbol when the program is linked.
#define REMBUS_DUCKDB_FUNCTIONS(FUNCTION) \
    /* Databases and connections */ \
    FUNCTION(const char *, duckdb_library_version, (void), ()) \
    FUNCTION(duckdb_state, duckdb_create_config, (duckdb_config *config), (config)) \
    FUNCTION(duckdb_state, duckdb_set_config, (duckdb_config config, const char *name, const char *option), (config, name, option)) \
    FUNCTION(void, duckdb_destroy_config, (duckdb_config *config), (config)) \
    FUNCTION(duckdb_state, duckdb_open_ext, (const char *path, duckdb_database *database, duckdb_config config, char **error), (path, database, config, error)) \
    FUNCTION(void, duckdb_close, (duckdb_database *database), (database)) \
    FUNCTION(duckdb_state, duckdb_connect, (duckdb_database database, duckdb_connection *connection), (database, connection)) \
    FUNCTION(void, duckdb_disconnect, (duckdb_connection *connection), (connection)) \
    FUNCTION(void, duckdb_interrupt, (duckdb_connection connection), (connection)) \
    FUNCTION(void, duckdb_free, (void *pointer), (pointer)) \
    /* Statements */ \
    FUNCTION(duckdb_state, duckdb_query, (duckdb_connection connection, const char *query, duckdb_result *result), (connection, query, result)) \
    FUNCTION(duckdb_state, duckdb_prepare, (duckdb_connection connection, const char *query, duckdb_prepared_statement *statement), (connection, query, statement)) \
    FUNCTION(void, duckdb_destroy_prepare, (duckdb_prepared_statement *statement), (statement)) \
    FUNCTION(const char *, duckdb_prepare_error, (duckdb_prepared_statement statement), (statement)) \
    FUNCTION(idx_t, duckdb_prepared_statement_column_count, (duckdb_prepared_statement statement), (statement)) \
    FUNCTION(const char *, duckdb_prepared_statement_column_name, (duckdb_prepared_statement statement, idx_t column), (statement, column)) \
    FUNCTION(duckdb_logical_type, duckdb_prepared_statement_column_logical_type, (duckdb_prepared_statement statement, idx_t column), (statement, column)) \
    FUNCTION(idx_t, duckdb_nparams, (duckdb_prepared_statement statement), (statement)) \
    FUNCTION(duckdb_state, duckdb_clear_bindings, (duckdb_prepared_statement statement), (statement)) \
    FUNCTION(duckdb_state, duckdb_bind_value, (duckdb_prepared_statement statement, idx_t index, duckdb_value value), (statement, index, value)) \
    FUNCTION(duckdb_state, duckdb_execute_prepared, (duckdb_prepared_statement statement, duckdb_result *result), (statement, result)) \
    FUNCTION(duckdb_state, duckdb_execute_prepared_streaming, (duckdb_prepared_statement statement, duckdb_result *result), (statement, result)) \
    /* Results */ \
    FUNCTION(void, duckdb_destroy_result, (duckdb_result *result), (result)) \
    FUNCTION(const char *, duckdb_result_error, (duckdb_result *result), (result)) \
    FUNCTION(duckdb_error_type, duckdb_result_error_type, (duckdb_result *result), (result)) \
    FUNCTION(idx_t, duckdb_column_count, (duckdb_result *result), (result)) \
    FUNCTION(const char *, duckdb_column_name, (duckdb_result *result, idx_t column), (result, column)) \
    FUNCTION(duckdb_logical_type, duckdb_column_logical_type, (duckdb_result *result, idx_t column), (result, column)) \
    FUNCTION(idx_t, duckdb_rows_changed, (duckdb_result *result), (result)) \
    FUNCTION(duckdb_data_chunk, duckdb_fetch_chunk, (duckdb_result result), (result)) \
    FUNCTION(duckdb_arrow_options, duckdb_result_get_arrow_options, (duckdb_result *result), (result)) \
    /* Values for parameters */ \
    FUNCTION(void, duckdb_destroy_value, (duckdb_value *value), (value)) \
    FUNCTION(duckdb_value, duckdb_create_null_value, (void), ()) \
    FUNCTION(duckdb_value, duckdb_create_bool, (bool input), (input)) \
    FUNCTION(duckdb_value, duckdb_create_int64, (int64_t input), (input)) \
    FUNCTION(duckdb_value, duckdb_create_uint64, (uint64_t input), (input)) \
    FUNCTION(duckdb_value, duckdb_create_hugeint, (duckdb_hugeint input), (input)) \
    FUNCTION(duckdb_value, duckdb_create_uhugeint, (duckdb_uhugeint input), (input)) \
    FUNCTION(duckdb_value, duckdb_create_double, (double input), (input)) \
    FUNCTION(duckdb_value, duckdb_create_timestamp, (duckdb_timestamp input), (input)) \
    FUNCTION(duckdb_value, duckdb_create_varchar_length, (const char *text, idx_t length), (text, length)) \
    FUNCTION(duckdb_value, duckdb_create_blob, (const uint8_t *data, idx_t length), (data, length)) \
    /* Types */ \
    FUNCTION(duckdb_logical_type, duckdb_create_logical_type, (duckdb_type type), (type)) \
    FUNCTION(void, duckdb_destroy_logical_type, (duckdb_logical_type *type), (type)) \
    FUNCTION(duckdb_type, duckdb_get_type_id, (duckdb_logical_type type), (type)) \
    FUNCTION(uint8_t, duckdb_decimal_scale, (duckdb_logical_type type), (type)) \
    FUNCTION(duckdb_type, duckdb_decimal_internal_type, (duckdb_logical_type type), (type)) \
    FUNCTION(duckdb_type, duckdb_enum_internal_type, (duckdb_logical_type type), (type)) \
    FUNCTION(char *, duckdb_enum_dictionary_value, (duckdb_logical_type type, idx_t index), (type, index)) \
    FUNCTION(duckdb_logical_type, duckdb_list_type_child_type, (duckdb_logical_type type), (type)) \
    FUNCTION(duckdb_logical_type, duckdb_map_type_key_type, (duckdb_logical_type type), (type)) \
    FUNCTION(duckdb_logical_type, duckdb_map_type_value_type, (duckdb_logical_type type), (type)) \
    FUNCTION(duckdb_logical_type, duckdb_array_type_child_type, (duckdb_logical_type type), (type)) \
    FUNCTION(idx_t, duckdb_array_type_array_size, (duckdb_logical_type type), (type)) \
    FUNCTION(idx_t, duckdb_struct_type_child_count, (duckdb_logical_type type), (type)) \
    FUNCTION(char *, duckdb_struct_type_child_name, (duckdb_logical_type type, idx_t index), (type, index)) \
    FUNCTION(duckdb_logical_type, duckdb_struct_type_child_type, (duckdb_logical_type type, idx_t index), (type, index)) \
    /* Chunks and vectors */ \
    FUNCTION(duckdb_data_chunk, duckdb_create_data_chunk, (duckdb_logical_type *types, idx_t count), (types, count)) \
    FUNCTION(void, duckdb_destroy_data_chunk, (duckdb_data_chunk *chunk), (chunk)) \
    FUNCTION(void, duckdb_data_chunk_reset, (duckdb_data_chunk chunk), (chunk)) \
    FUNCTION(duckdb_vector, duckdb_data_chunk_get_vector, (duckdb_data_chunk chunk, idx_t column), (chunk, column)) \
    FUNCTION(idx_t, duckdb_data_chunk_get_size, (duckdb_data_chunk chunk), (chunk)) \
    FUNCTION(void, duckdb_data_chunk_set_size, (duckdb_data_chunk chunk, idx_t size), (chunk, size)) \
    FUNCTION(idx_t, duckdb_vector_size, (void), ()) \
    FUNCTION(duckdb_logical_type, duckdb_vector_get_column_type, (duckdb_vector vector), (vector)) \
    FUNCTION(void *, duckdb_vector_get_data, (duckdb_vector vector), (vector)) \
    FUNCTION(uint64_t *, duckdb_vector_get_validity, (duckdb_vector vector), (vector)) \
    FUNCTION(void, duckdb_vector_ensure_validity_writable, (duckdb_vector vector), (vector)) \
    FUNCTION(void, duckdb_vector_reference_vector, (duckdb_vector to, duckdb_vector from), (to, from)) \
    FUNCTION(duckdb_vector, duckdb_list_vector_get_child, (duckdb_vector vector), (vector)) \
    FUNCTION(duckdb_state, duckdb_list_vector_reserve, (duckdb_vector vector, idx_t capacity), (vector, capacity)) \
    FUNCTION(duckdb_state, duckdb_list_vector_set_size, (duckdb_vector vector, idx_t size), (vector, size)) \
    FUNCTION(duckdb_vector, duckdb_struct_vector_get_child, (duckdb_vector vector, idx_t index), (vector, index)) \
    FUNCTION(duckdb_vector, duckdb_array_vector_get_child, (duckdb_vector vector), (vector)) \
    /* Functions of our own */ \
    FUNCTION(duckdb_scalar_function, duckdb_create_scalar_function, (void), ()) \
    FUNCTION(void, duckdb_destroy_scalar_function, (duckdb_scalar_function *function), (function)) \
    FUNCTION(void, duckdb_scalar_function_set_name, (duckdb_scalar_function function, const char *name), (function, name)) \
    FUNCTION(void, duckdb_scalar_function_set_varargs, (duckdb_scalar_function function, duckdb_logical_type type), (function, type)) \
    FUNCTION(void, duckdb_scalar_function_set_special_handling, (duckdb_scalar_function function), (function)) \
    FUNCTION(void, duckdb_scalar_function_add_parameter, (duckdb_scalar_function function, duckdb_logical_type type), (function, type)) \
    FUNCTION(void, duckdb_scalar_function_set_return_type, (duckdb_scalar_function function, duckdb_logical_type type), (function, type)) \
    FUNCTION(void, duckdb_scalar_function_set_function, (duckdb_scalar_function function, duckdb_scalar_function_t body), (function, body)) \
    FUNCTION(duckdb_state, duckdb_register_scalar_function, (duckdb_connection connection, duckdb_scalar_function function), (connection, function)) \
    FUNCTION(void, duckdb_scalar_function_set_error, (duckdb_function_info info, const char *error), (info, error)) \
    FUNCTION(idx_t, duckdb_data_chunk_get_column_count, (duckdb_data_chunk chunk), (chunk)) \
    FUNCTION(idx_t, duckdb_list_vector_get_size, (duckdb_vector vector), (vector)) \
    FUNCTION(idx_t, duckdb_union_type_member_count, (duckdb_logical_type type), (type)) \
    FUNCTION(duckdb_logical_type, duckdb_union_type_member_type, (duckdb_logical_type type, idx_t index), (type, index)) \
    /* Appending */ \
    FUNCTION(duckdb_state, duckdb_appender_create_ext, (duckdb_connection connection, const char *catalog, const char *schema, const char *table, duckdb_appender *appender), (connection, catalog, schema, table, appender)) \
    FUNCTION(duckdb_state, duckdb_appender_create_query, (duckdb_connection connection, const char *query, idx_t count, duckdb_logical_type *types, const char *table, const char **columns, duckdb_appender *appender), (connection, query, count, types, table, columns, appender)) \
    FUNCTION(duckdb_state, duckdb_appender_add_column, (duckdb_appender appender, const char *name), (appender, name)) \
    FUNCTION(idx_t, duckdb_appender_column_count, (duckdb_appender appender), (appender)) \
    FUNCTION(duckdb_logical_type, duckdb_appender_column_type, (duckdb_appender appender, idx_t column), (appender, column)) \
    FUNCTION(duckdb_error_data, duckdb_appender_error_data, (duckdb_appender appender), (appender)) \
    FUNCTION(duckdb_state, duckdb_append_data_chunk, (duckdb_appender appender, duckdb_data_chunk chunk), (appender, chunk)) \
    FUNCTION(duckdb_state, duckdb_appender_flush, (duckdb_appender appender), (appender)) \
    FUNCTION(duckdb_state, duckdb_appender_clear, (duckdb_appender appender), (appender)) \
    FUNCTION(duckdb_state, duckdb_appender_close, (duckdb_appender appender), (appender)) \
    FUNCTION(duckdb_state, duckdb_appender_destroy, (duckdb_appender *appender), (appender)) \
    /* Errors */ \
    FUNCTION(void, duckdb_destroy_error_data, (duckdb_error_data *error), (error)) \
    FUNCTION(bool, duckdb_error_data_has_error, (duckdb_error_data error), (error)) \
    FUNCTION(const char *, duckdb_error_data_message, (duckdb_error_data error), (error)) \
    FUNCTION(duckdb_error_type, duckdb_error_data_error_type, (duckdb_error_data error), (error)) \
    /* Arrow */ \
    FUNCTION(void, duckdb_destroy_arrow_options, (duckdb_arrow_options *options), (options)) \
    FUNCTION(void, duckdb_destroy_arrow_converted_schema, (duckdb_arrow_converted_schema *schema), (schema)) \
    FUNCTION(duckdb_error_data, duckdb_to_arrow_schema, (duckdb_arrow_options options, duckdb_logical_type *types, const char **names, idx_t count, struct ArrowSchema *schema), (options, types, names, count, schema)) \
    FUNCTION(duckdb_error_data, duckdb_data_chunk_to_arrow, (duckdb_arrow_options options, duckdb_data_chunk chunk, struct ArrowArray *array), (options, chunk, array)) \
    FUNCTION(duckdb_error_data, duckdb_schema_from_arrow, (duckdb_connection connection, struct ArrowSchema *schema, duckdb_arrow_converted_schema *types), (connection, schema, types)) \
    FUNCTION(duckdb_error_data, duckdb_data_chunk_from_arrow, (duckdb_connection connection, struct ArrowArray *array, duckdb_arrow_converted_schema types, duckdb_data_chunk *chunk), (connection, array, types, chunk))
