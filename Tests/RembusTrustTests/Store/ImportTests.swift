import Foundation
import RembusIdentity
import RembusTrust
import Testing

/// What brokers of the reference left (behaviour.md §12, §19.3).
@Suite struct ImportTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private func store() throws(TrustError) -> TrustStore { try TrustStore(directory: folder.path, logger: .silent) }

    @Test func filesAreTakenOverOnce() throws {
        try folder.write(#"["root"]"#, to: "admins.json", mode: 0o644)
        try folder.write(#"{"a/b": ["x", "y"], "empty": []}"#, to: "topic_auth.json", mode: 0o644)
        let first = try store()
        #expect(first.document.admins.sorted() == ["root"])
        #expect(first.document.privateTopics.sorted() == ["a/b", "empty"])
        #expect(first.document.grants.count == 2 && first.document.grants.allSatisfy { $0.actions == TrustAction.all })
        try first.update { document throws(TrustError) in
            document.admins.remove("root")
            document.makePublic("a/b")
        }
        let second = try store().document
        #expect(second.admins.isEmpty && second.privateTopics.sorted() == ["empty"] && second.grants.isEmpty)
    }

    @Test func plainPinsAreHashedWhereTheyLie() throws {
        try folder.write(#"{".": "11223344", "acme": "55667788"}"#, to: "tenants.json", mode: 0o644)
        let first = try store()
        let hash = try #require(first.document.tenants["."].flatMap { PinHash($0) })
        #expect(hash.matches("11223344") && !hash.matches("55667788"))
        let text = try folder.read("tenants.json")
        #expect(!text.contains("11223344") && !text.contains("55667788"))
        #expect(try folder.mode("tenants.json") == 0o600)
        #expect(try !folder.read("trust.json").contains("11223344"))
        // Removed here: it does not come back from there.
        try first.update { document throws(TrustError) in document.tenants["acme"] = nil }
        #expect(try store().document.tenants.keys == ["."])
        // A new plain pin was put there on purpose.
        try folder.write(#"{".": "99887766"}"#, to: "tenants.json")
        let changed = try store().document.tenants["."].flatMap { PinHash($0) }
        #expect(changed?.matches("99887766") == true)
    }

    @Test func plainPinsInTheFileAreHashed() throws {
        try folder.write(#"{"tenants": [{"tenant": ".", "pin": "11223344"}]}"#, to: "trust.json")
        let document = try store().document
        #expect(document.tenants["."].flatMap { PinHash($0) }?.matches("11223344") == true)
        #expect(try !folder.read("trust.json").contains("11223344"))
    }

    @Test(arguments: ["admins.json", "tenants.json", "topic_auth.json"])
    func brokenFilesAreErrors(name: String) throws {
        try folder.write("{", to: name)
        let error = #expect(throws: TrustError.self) { try store() }
        #expect(error?.description.contains(name) == true)
        #expect(!folder.names.contains("trust.json"))
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["admins.json", "tenants.json", "topic_auth.json"])
    func pipesAndFoldersAreErrorsAndNotWaitedFor(name: String) throws {
        let path = "\(folder.path)/\(name)"
        #expect(mkfifo(path, 0o600) == 0)
        #expect(throws: TrustError.self) { try store() }
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        let error = #expect(throws: TrustError.self) { try store() }
        #expect(error?.description.contains(name) == true)
    }

    @Test func filesThatOthersCanReadAreTakenOver() throws {
        try folder.write(#"["root"]"#, to: "admins.json")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: "\(folder.path)/admins.json")
        #expect(try store().document.admins.sorted() == ["root"])
    }

    @Test func catalogs() throws {
        let store = try store()
        let old = PinHash.make("old").text
        try store.absorb(
            administrators: ["root"], tenants: [(".", "11223344"), ("acme", old)],
            authorizations: [("a", "x"), ("a", "y"), ("b", "x")])
        #expect(store.document.admins.sorted() == ["root"] && store.document.privateTopics.sorted() == ["a", "b"])
        #expect(store.document.grants.count == 3 && store.document.tenants["acme"] == old)
        let pin = try #require(store.document.tenants["."])
        #expect(PinHash(pin)?.matches("11223344") == true)
        // A hash does not replace what is known here, a plain pin does.
        try store.absorb(administrators: [], tenants: [(".", old), ("acme", "new")], authorizations: [("a", "x")])
        #expect(store.document.tenants["."] == pin && store.document.grants.count == 3)
        #expect(store.document.tenants["acme"].flatMap { PinHash($0) }?.matches("new") == true)
    }
}
