// Opens DuckDB's shared library at run time.
//
// This target defines the functions of duckdb.h that the program uses (functions.h) as trampolines, so that Swift calls
// `duckdb_open_ext(…)` plainly while the program links against no DuckDB: a missing library is an error when a database
// is opened, not a program that does not start.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Opens the library in the file `path` (or, for a name without a slash, where the system's loader looks) and resolves
// every function. May be called again after a failure. On failure returns false and puts a sentence into `message`.
// A trampoline must not be called before this succeeded. Not to be called by two threads at once.
bool rembus_duckdb_load(const char *path, char *message, size_t capacity);

// Gives memory back to the system that DuckDB has freed and would keep for a while. Nothing where its allocator cannot.
void rembus_duckdb_release_memory(void);

// The version the opened library says of itself, such as "v1.5.5".
const char *rembus_duckdb_version(void);

// The file the opened library came from; an empty text when the system does not say.
const char *rembus_duckdb_file(void);

// The folder of the running program, without a slash at the end; false when the system does not say.
bool rembus_program_folder(char *folder, size_t capacity);

// The Arrow functions with untyped pointers: duckdb.h only names the structs of the Arrow C data interface.
// Each returns a duckdb_error_data, to be destroyed by the caller; null means success.
void *rembus_duckdb_to_arrow_schema(void *options, void *types, const char **names, size_t count, void *schema);
void *rembus_duckdb_chunk_to_arrow(void *options, void *chunk, void *array);
void *rembus_duckdb_schema_from_arrow(void *connection, void *schema, void *types);
void *rembus_duckdb_chunk_from_arrow(void *connection, void *array, void *types, void *chunk);
