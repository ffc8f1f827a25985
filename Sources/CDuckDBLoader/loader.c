#define _GNU_SOURCE // dladdr

#include "CDuckDBLoader.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

// The trampolines stay inside this program: the library must never find them in place of its own functions.
#pragma GCC visibility push(hidden)
#include <duckdb.h>
#include "functions.h"

#define DEFINE_TRAMPOLINE(result, name, parameters, arguments) \
    static result(*name##_address) parameters; \
    result name parameters { return name##_address arguments; }
REMBUS_DUCKDB_FUNCTIONS(DEFINE_TRAMPOLINE)
#pragma GCC visibility pop

// The versions whose functions and results this program was tested with.
static const char supported[] = "v1.5.";

static char loaded_version[32];
static char loaded_file[PATH_MAX];

// The control of the allocator that most builds of DuckDB bring along, jemalloc; null without it.
static int (*allocator_control)(const char *, void *, size_t *, void *, size_t);

static bool resolve(void *library, const char *name, void **address, char *message, size_t capacity) {
    *address = dlsym(library, name);
    if (*address != NULL) return true;
    snprintf(message, capacity, "it has no function %s", name);
    return false;
}

bool rembus_duckdb_load(const char *path, char *message, size_t capacity) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *reason = dlerror();
        snprintf(message, capacity, "%s", reason != NULL ? reason : "it cannot be opened");
        return false;
    }

    // The version is looked at first: "another version" says more than a function that it lacks.
    const char *(*version)(void) = (const char *(*)(void))dlsym(library, "duckdb_library_version");
    if (version == NULL) {
        snprintf(message, capacity, "it is not DuckDB");
        goto refused;
    }
    if (strncmp(version(), supported, sizeof supported - 1) != 0) {
        snprintf(message, capacity, "it is version %s, and %sx is needed", version(), supported);
        goto refused;
    }

#define RESOLVE(result, name, parameters, arguments) \
    if (!resolve(library, #name, (void **)&name##_address, message, capacity)) goto refused;
    REMBUS_DUCKDB_FUNCTIONS(RESOLVE)

    allocator_control = (int (*)(const char *, void *, size_t *, void *, size_t))dlsym(library, "duckdb_je_mallctl");

    snprintf(loaded_version, sizeof loaded_version, "%s", version());
    Dl_info info;
    if (dladdr((void *)version, &info) != 0 && info.dli_fname != NULL) {
        snprintf(loaded_file, sizeof loaded_file, "%s", info.dli_fname);
    }
    return true;

refused:
    dlclose(library);
    return false;
}

void rembus_duckdb_release_memory(void) {
    // 4096 stands for all arenas.
    if (allocator_control != NULL) allocator_control("arena.4096.purge", NULL, NULL, NULL, 0);
}

const char *rembus_duckdb_version(void) { return loaded_version; }

const char *rembus_duckdb_file(void) { return loaded_file; }

bool rembus_program_folder(char *folder, size_t capacity) {
    char path[PATH_MAX];
#ifdef __APPLE__
    char unresolved[PATH_MAX];
    uint32_t size = sizeof unresolved;
    if (_NSGetExecutablePath(unresolved, &size) != 0 || realpath(unresolved, path) == NULL) return false;
#else
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0) return false;
    path[length] = 0;
#endif
    char *slash = strrchr(path, '/');
    if (slash == NULL) return false;
    *slash = 0;
    return (size_t)snprintf(folder, capacity, "%s", path) < capacity;
}

void *rembus_duckdb_to_arrow_schema(void *options, void *types, const char **names, size_t count, void *schema) {
    return duckdb_to_arrow_schema(options, types, names, count, schema);
}

void *rembus_duckdb_chunk_to_arrow(void *options, void *chunk, void *array) {
    return duckdb_data_chunk_to_arrow(options, chunk, array);
}

void *rembus_duckdb_schema_from_arrow(void *connection, void *schema, void *types) {
    return duckdb_schema_from_arrow(connection, schema, types);
}

void *rembus_duckdb_chunk_from_arrow(void *connection, void *array, void *types, void *chunk) {
    return duckdb_data_chunk_from_arrow(connection, array, types, chunk);
}
