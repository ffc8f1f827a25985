// DuckDB's C API, as its header declares it. There is no `link` line in the module map: the functions come from
// CDuckDBLoader, which opens the library when it is needed.
#include <duckdb.h>
