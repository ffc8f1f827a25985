import Foundation
import RembusIdentity
import RembusTrust
import Synchronization
import Testing

@Suite struct TrustStoreTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private func store() throws(TrustError) -> TrustStore { try TrustStore(directory: folder.path, logger: .silent) }

    @Test func changesOutliveTheStore() throws {
        let first = try store()
        #expect(first.isNew && first.document == TrustDocument())
        let answer = try first.update { document throws(TrustError) in
            document.admins.insert("root")
            document.makePrivate("a/*")
            document.grant("x", "a/*", [.publish])
            return 7
        }
        #expect(answer == 7)
        #expect(try folder.mode("trust.json") == 0o600)
        let second = try store()
        #expect(second.document == first.document && !second.isNew)
        #expect(!folder.names.contains { $0.contains("new") })
    }

    @Test func aFailedChangeChangesNothing() throws {
        let store = try store()
        #expect(throws: TrustError("no")) {
            try store.update { document throws(TrustError) in
                document.admins.insert("root")
                throw TrustError("no")
            }
        }
        for wrong in ["", "a\u{0}b", String(repeating: "n", count: 256)] {
            #expect(throws: TrustError.self) {
                try store.update { document throws(TrustError) in _ = document.admins.insert(wrong) }
            }
        }
        #expect(throws: TrustError.self) {
            try store.update { document throws(TrustError) in
                _ = document.makePrivate(String(repeating: "a/", count: 64) + "a")
            }
        }
        #expect(throws: TrustError.self) {
            try store.update { document throws(TrustError) in document.tenants["."] = "plain" }
        }
        #expect(store.document == TrustDocument())
        #expect(!folder.names.contains("trust.json"))
    }

    @Test("two writers with stores of their own lose nothing", .timeLimit(.minutes(5)))
    func parallelWriters() async throws {
        let folder = folder
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<2 {
                group.addTask {
                    let store = try TrustStore(directory: folder.path, logger: .silent)
                    for number in 0..<40 {
                        try store.update { document throws(TrustError) in
                            document.grant("w\(writer)", "t\(number)")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let document = try store().document
        #expect(document.grants.count == 80)
    }

    @Test func otherProcessesAreNoticed() throws {
        let (first, second) = (try store(), try store())
        let seen = Mutex<[Int]>([])
        second.onChange { document in seen.withLock { $0.append(document.admins.count) } }
        #expect(!second.reloadIfChanged())
        try first.update { document throws(TrustError) in _ = document.admins.insert("a") }
        #expect(second.reloadIfChanged() && !second.reloadIfChanged())
        try second.update { document throws(TrustError) in _ = document.admins.insert("b") }
        // Without having been told before.
        try first.update { document throws(TrustError) in _ = document.admins.insert("c") }
        #expect(first.document.admins.sorted() == ["a", "b", "c"])
        #expect(second.reloadIfChanged())
        #expect(seen.withLock { $0 } == [1, 2, 3])
    }

    @Test("what another process changed is told once, by a look at the file as by a change of one's own")
    func outsideChanges() throws {
        let (outside, store) = (try store(), try store())
        let told = Mutex<[[String: String]]>([])
        store.onOutsideChange { old, new in told.withLock { $0.append(new.differences(from: old)) } }
        try store.update { document throws(TrustError) in _ = document.admins.insert("own") }
        #expect(!store.reloadIfChanged())
        try outside.update { document throws(TrustError) in
            document.admins.remove("own")
            document.tenants["acme"] = PinHash.make("12345678").text
            document.grant("pump7", "vault")
        }
        #expect(store.reloadIfChanged() && !store.reloadIfChanged())
        try outside.update { document throws(TrustError) in
            document.tenants["acme"] = PinHash.make("87654321").text
            _ = document.readOnly.insert("panel")
        }
        // A change that fails tells nothing: its next attempt will.
        #expect(throws: TrustError.self) { try store.update { _ throws(TrustError) in throw TrustError("no") } }
        try store.update { document throws(TrustError) in _ = document.admins.insert("own") }
        #expect(
            told.withLock { $0 } == [
                [
                    "admins_removed": "own", "tenants_added": "acme",
                    "grants_added": "pump7 vault (call, expose, publish, subscribe)",
                ],
                ["pins_changed": "acme", "read_only_added": "panel"],
            ])
    }

    @Test("a file that cannot be used is an error at the start and changes nothing later")
    func brokenFiles() throws {
        let running = try store()
        try running.update { document throws(TrustError) in _ = document.makePrivate("a") }
        let whole = try folder.read("trust.json")
        for broken in [String(whole.dropLast(10)), "", #"{"admin": []}"#, #"{"grants": [{"name": "", "topic": "a"}]}"#]
        {
            try folder.write(broken, to: "trust.json")
            #expect(!running.reloadIfChanged())
            #expect(running.document.privateTopics.contains("a"))
            let error = #expect(throws: TrustError.self) { try store() }
            #expect(error?.description.isEmpty == false)
            #expect(throws: TrustError.self) {
                try running.update { document throws(TrustError) in _ = document.admins.insert("x") }
            }
        }
        try folder.write(whole, to: "trust.json", mode: 0o644)
        #expect(throws: TrustError.self) { try store() }
        try folder.write(whole, to: "trust.json")
        running.reloadIfChanged()
        #expect(try store().document == running.document)
    }

    @Test(arguments: [
        ("{\n  \"admins\": [],\n}", "line 3, column 1"), ("{\n  \"admins\": [],\n  \"tenants\": 7\n}", "line 3"),
        ("{\n  \"grants\": [\n    {\"name\": \"\", \"topic\": \"a\"}]\n}", "line 3"),
        (
            "{\n  \"tenants\": [{\"tenant\": \"x\", \"pin\": \"11223344\"}, {\"tenant\": \"x\", \"pin\": \"55667788\"}]}",
            "line 2: tenants has \"x\" twice"
        ),
        (
            "{\"removed\": [{\"name\": \"x\", \"at\": \"2026-01-01T00:00:00Z\"}, {\"name\": \"x\", \"at\": \"2027-01-01T00:00:00Z\"}]}",
            "removed has \"x\" twice"
        ),
    ])
    func aMistakeIsSaidWithItsLine(text: String, place: String) throws {
        try folder.write(text, to: "trust.json")
        let error = #expect(throws: TrustError.self) { try store() }
        #expect(error?.description.contains(place) == true, "\(String(describing: error))")
    }

    @Test func aLostFileDoesNotLoseTheRights() throws {
        let store = try store()
        try store.update { document throws(TrustError) in _ = document.makePrivate("a") }
        try FileManager.default.removeItem(atPath: "\(folder.path)/trust.json")
        #expect(!store.reloadIfChanged() && store.document.privateTopics.contains("a"))
        try store.update { document throws(TrustError) in _ = document.admins.insert("x") }
        let again = try self.store().document
        #expect(again.privateTopics.contains("a") && again.admins.contains("x"))
    }

    @Test func errorsSayWhereAndDoNotShowTheContent() throws {
        try folder.write(#"{"tenants": [{"tenant": ".", "pin": 8841}]}"#, to: "trust.json")
        let error = #expect(throws: TrustError.self) { try store() }
        let text = error?.description ?? ""
        #expect(text.contains("trust.json") && text.contains("tenants[0].pin") && !text.contains("8841"), "\(text)")
    }

    @Test("100,000 grants are stored and read", .timeLimit(.minutes(5)))
    func large() throws {
        let store = try store()
        try store.update { document throws(TrustError) in
            document.grants = (0..<100_000).map { Grant(name: "component\($0)", topic: "plant/\($0)/secret") }
        }
        #expect(try self.store().document.grants.count == 100_000)
        #expect(throws: TrustError.self) {
            try store.update { document throws(TrustError) in
                document.grants += (0..<200_001).map { Grant(name: "other\($0)", topic: "t") }
            }
        }
        #expect(store.document.grants.count == 100_000)
    }

    @Test func memoryOnly() throws {
        let store = TrustStore(logger: .silent)
        let calls = Mutex(0)
        store.onChange { _ in calls.withLock { $0 += 1 } }
        try store.update { document throws(TrustError) in _ = document.admins.insert("root") }
        try store.update { document throws(TrustError) in _ = document.admins.insert("root") }
        #expect(store.document.admins.contains("root") && calls.withLock { $0 } == 1 && !store.reloadIfChanged())
    }
}
