import RembusLake
import Testing

/// Each in a process of its own, because a process opens the library once.
@Suite struct LibraryTests {
    @Test func aMissingLibraryIsOneClearSentence() async {
        await #expect(processExitsWith: .success) {
            let error = #expect(throws: LakeError.self) { try DuckDBLibrary.load(path: "/no/such/libduckdb.so") }
            #expect(error?.kind == .unavailable)
            #expect(error?.message.hasPrefix("DuckDB's library /no/such/libduckdb.so cannot be used: ") == true)
            #expect(DuckDBLibrary.version == "")
            // A failure is not remembered.
            try DuckDBLibrary.load()
            #expect(DuckDBLibrary.version.hasPrefix("v1.5."))
        }
    }

    @Test func anotherLibraryIsRefused() async {
        await #expect(processExitsWith: .success) {
            let error = #expect(throws: LakeError.self) { try DuckDBLibrary.load(path: "libm.so.6") }
            #expect(error?.message.contains("libm.so.6 cannot be used") == true)
        }
    }
}
