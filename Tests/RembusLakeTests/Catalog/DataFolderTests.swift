import RembusStore
import Testing

@testable import RembusLake

/// Where a catalog's files are after a move or a copy, and whose a folder is.
@Suite struct DataFolderTests {
    private static let base = DataPathChoice(
        configured: "/new/b", remembered: "/old/b", ignoresConfigured: false, isShareable: false, isOnServer: false,
        isRememberedThere: false, isRememberedForeign: false, listed: 2, missing: [], missingInRemembered: 2)

    private static func changed(_ change: (inout DataPathChoice) -> Void) -> DataPathChoice {
        var choice = base
        change(&choice)
        return choice
    }

    @Test("what was moved, copied or restored as a whole is used where it is")
    func moved() throws {
        #expect(try Self.base.outcome() == .moved)
        // A copy, whose original is still there.
        #expect(
            try Self.changed {
                ($0.isRememberedThere, $0.isRememberedForeign, $0.missingInRemembered) = (true, true, 0)
            }
            .outcome() == .moved)
        // Nothing was in files yet.
        #expect(try Self.changed { $0.listed = 0 }.outcome() == .moved)
        #expect(try Self.changed { ($0.ignoresConfigured, $0.listed) = (true, 0) }.outcome() == .moved)
        #expect(try Self.changed { $0.ignoresConfigured = true }.outcome() == .moved)
    }

    @Test("what the catalog remembers counts where that is asked for and there")
    func remembered() throws {
        let choice = Self.changed { ($0.ignoresConfigured, $0.isRememberedThere) = (true, true) }
        #expect(try choice.outcome() == .remembered)
        let server = Self.changed {
            ($0.ignoresConfigured, $0.isOnServer, $0.isShareable, $0.listed) = (true, true, true, 0)
        }
        #expect(try server.outcome() == .remembered)
    }

    @Test("a refusal says where the files are, and never to ignore that")
    func refused() {
        let cases: [(DataPathChoice, String)] = [
            (
                Self.changed { ($0.isRememberedThere, $0.missing, $0.missingInRemembered) = (true, ["f", "g"], 0) },
                "to /old/b"
            ),
            (Self.changed { $0.missing = ["f"] }, "such as f"),
            // Others may use it: a server's catalog, a shared file.
            (Self.changed { ($0.isOnServer, $0.isShareable, $0.listed) = (true, true, 0) }, "to /old/b"),
            (Self.changed { ($0.isShareable, $0.isRememberedThere) = (true, true) }, "to /old/b"),
        ]
        for (choice, words) in cases {
            let error = #expect(throws: LakeError.self) { try choice.outcome() }
            #expect(error?.message.contains(words) == true && error?.message.contains("IGNORE") == false)
            #expect(error?.kind == .invalid)
        }
    }

    @Test("a folder goes to its own catalog, to one that came with it, and to one that was moved")
    func owners() {
        let owner = DataOwner(catalog: "/a/b.ducklake", data: "/data")
        func gives(_ catalog: String, _ data: String, there: Bool = true) -> Bool {
            owner.gives(way: DataOwner(catalog: catalog, data: data), exists: { _ in there })
        }
        #expect(gives("/a/b.ducklake", "/data"))
        #expect(gives("/copy/b.ducklake", "/copy/data"))
        #expect(!gives("/copy/b.ducklake", "/data"))
        #expect(gives("/moved/b.ducklake", "/data", there: false))
        #expect(!gives("postgres:lake@1", "/data", there: false))
        // Another machine's catalog over an object store cannot be looked for here.
        var remote = DataOwner(catalog: "/a/b.ducklake", data: "s3://bucket/x")
        remote.host = "another"
        #expect(!remote.gives(way: DataOwner(catalog: "/c/b.ducklake", data: "s3://bucket/x"), exists: { _ in false }))
        #expect(remote.gives(way: DataOwner(catalog: "/a/b.ducklake", data: "s3://bucket/x"), exists: { _ in true }))
        #expect(DataOwner(json: Array(owner.json.utf8)) == owner)
        #expect(DataOwner(json: Array("{\"cat".utf8)) == nil)
    }
}
