import Foundation
import RembusTrust
import Testing

@Suite struct TrustDocumentTests {
    @Test func grantsAreJoinedAndTakenApart() {
        var document = TrustDocument()
        document.grant("x", "a", [.publish])
        document.grant("x", "a", [.call])
        document.grant("x", "a*", [.call])
        #expect(document.grants.count == 2 && document.grants[0].actions == [.publish, .call])
        let isRevoked = document.revoke("x", "a", [.call])
        #expect(isRevoked)
        #expect(document.grants[0].actions == [.publish])
        let revokedAgain = document.revoke("x", "a", [.call])
        #expect(!revokedAgain)
        document.revoke("x", "a")
        #expect(document.grants.map(\.topic) == ["a*"])
    }

    @Test("public_topic forgets the grants of this very topic; private_topic keeps them")
    func publicTopics() {
        var document = TrustDocument()
        let isMade = document.makePrivate("a")
        #expect(isMade)
        document.grant("x", "a")
        document.grant("x", "a/*")
        let madeAgain = document.makePrivate("a")
        #expect(!madeAgain && document.grants.count == 2)
        let isPublic = document.makePublic("a")
        #expect(isPublic)
        #expect(document.grants.map(\.topic) == ["a/*"])
        let publicAgain = document.makePublic("a")
        #expect(!publicAgain)
    }

    @Test func codingRoundTrip() throws {
        var document = TrustDocument()
        document.admins = ["root", "caf\u{E9}", "cafe\u{301}"]
        document.tenants["."] = "hash"
        document.privateTopics = ["a", "b/*"]
        document.grants = [Grant(name: "x", topic: "a"), Grant(name: "y", topic: "b/*", actions: [.call, .subscribe])]
        document.readOnly = ["r"]
        document.imported = ["admins.json"]
        let data = try JSONEncoder().encode(document)
        let copy = try JSONDecoder().decode(TrustDocument.self, from: data)
        #expect(copy == document && copy.admins.count == 3)
        #expect(try JSONDecoder().decode(TrustDocument.self, from: Data("{}".utf8)) == TrustDocument())
    }

    @Test(arguments: [
        #"{"grant": []}"#, #"{"version": 2}"#, #"{"grants": [{"name": "x", "topic": "a", "action": []}]}"#,
        #"{"grants": [{"name": "x", "topic": "a", "actions": null}]}"#, #"{"private_topics": null}"#,
        #"{"read_only": null}"#, #"{"admins": null}"#, #"{"tenants": null}"#, #"{"grants": null}"#,
        #"{"grants": [{"name": "x", "topic": "a", "actions": ["write"]}]}"#, #"{"admins": "root"}"#, "[]",
        #"{"tenants": [{"tenant": "."}]}"#,
    ])
    func mistakesAreErrors(json: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(TrustDocument.self, from: Data(json.utf8)) }
    }

    @Test func setsOfNamesTellLookAlikesApart() {
        var names: NameSet = ["\u{E9}"]
        let isNew = names.insert("e\u{301}")
        #expect(isNew && names.count == 2)
        names.remove("\u{E9}")
        #expect(!names.contains("\u{E9}") && names.contains("e\u{301}"))
        var map: NameMap = ["\u{E9}": "1"]
        map["e\u{301}"] = "2"
        #expect(map["\u{E9}"] == "1" && map.count == 2)
        #expect(map.keys == ["e\u{301}", "\u{E9}"])
    }
}
