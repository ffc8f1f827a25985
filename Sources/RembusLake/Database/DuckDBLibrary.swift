import CDuckDBLoader
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// DuckDB's shared library. It is opened for the first database, so that a program without tables does not need it.
package enum DuckDBLibrary {
    /// Whether the library is open. The lock also orders the loading before every use of its functions.
    private static let isLoaded = Mutex(false)

    /// Opens the library, unless it is open. It is looked for in this order: `path`, `REMBUS_DUCKDB_LIBRARY`, `../lib`
    /// and the folder of the running program, the folders of the system's loader, and those that `scripts/setup.sh`
    /// installs into. Throws ``LakeError/Kind/unavailable`` with one sentence.
    package static func load(path: String? = nil) throws(LakeError) {
        let failure = isLoaded.withLock { loaded -> String? in
            guard !loaded else { return nil }
            let failure = open(path)
            loaded = failure == nil
            return failure
        }
        if let failure { throw LakeError(.unavailable, failure) }
    }

    /// The version of the open library, such as `v1.5.5`; empty before ``load(path:)``.
    package static var version: String { isLoaded.withLock { _ in String(cString: rembus_duckdb_version()) } }

    /// The file of the open library.
    package static var file: String { isLoaded.withLock { _ in String(cString: rembus_duckdb_file()) } }

    /// The file of an extension, such as `ducklake`, for exactly the library's version, in the folder
    /// `REMBUS_DUCKDB_EXTENSIONS` or beside the library. Nothing is downloaded.
    package static func extensionFile(_ name: String) throws(LakeError) -> String {
        try load()
        var folders = ["REMBUS_DUCKDB_EXTENSIONS"].compactMap { environment($0) }
        let roots = [parent(of: file)] + [programFolder.map { "\($0)/../lib" }].compactMap { $0 } + installed
        folders += roots.map { "\($0)/rembus/duckdb/\(version)" }
        let files = folders.map { "\($0)/\(name).duckdb_extension" }
        if let found = files.first(where: { access($0, R_OK) == 0 }) { return found }
        throw LakeError(
            .unavailable,
            "DuckDB's extension \(name) \(version) is missing: run scripts/setup.sh, or set REMBUS_DUCKDB_EXTENSIONS"
                + " to the folder of \(name).duckdb_extension")
    }
}

extension DuckDBLibrary {
    #if canImport(Darwin)
    private static let name = "libduckdb.dylib"
    #else
    private static let name = "libduckdb.so"
    #endif

    /// The library folders of the prefixes that `scripts/setup.sh` and Homebrew install into.
    private static var installed: [String] {
        let prefixes = [environment("HOMEBREW_PREFIX"), "/usr/local", environment("HOME").map { "\($0)/.local" }]
        return prefixes.compactMap { $0 }.map { "\($0)/lib" }
    }

    private static func open(_ path: String?) -> String? {
        if let asked = path ?? environment("REMBUS_DUCKDB_LIBRARY") {
            return attempt(asked).map { "DuckDB's library \(asked) cannot be used: \($0)" }
        }
        let besides = programFolder.map { ["\($0)/../lib/\(name)", "\($0)/\(name)"] } ?? []
        let candidates = besides.filter { access($0, F_OK) == 0 } + [name] + installed.map { "\($0)/\(name)" }
        var refused: String?
        for candidate in candidates {
            guard let reason = attempt(candidate) else { return nil }
            // The loader's message about a missing file is of no use; that about a broken one is.
            if candidate == name ? !reason.hasPrefix("\(name):") : access(candidate, F_OK) == 0 {
                refused = refused ?? "DuckDB's library \(candidate) cannot be used: \(reason)"
            }
        }
        return refused
            ?? "DuckDB's library \(name) 1.5 is missing, which the tables need: run scripts/setup.sh, or set"
            + " REMBUS_DUCKDB_LIBRARY to its file"
    }

    /// Returns nil on success, otherwise the reason.
    private static func attempt(_ path: String) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { message in
            guard let start = message.baseAddress else { return "no memory" }
            return rembus_duckdb_load(path, start, message.count) ? nil : String(cString: start)
        }
    }

    private static var programFolder: String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { folder in
            guard let start = folder.baseAddress, rembus_program_folder(start, folder.count) else { return nil }
            return String(cString: start)
        }
    }

    private static func environment(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    private static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}
