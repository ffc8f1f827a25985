import Foundation
import Testing

@testable import RembusTrust

@Suite("Removed components")
struct RemovedComponentTests {
    private static let noon = Date(timeIntervalSince1970: 1_800_000_000.25)

    @Test("What was proven until the removal counts no more, what comes later does")
    func rules() {
        var document = TrustDocument()
        document.remove("pump7", now: Self.noon)
        let rules = AccessRules(document, trustsNames: false)
        #expect(rules.isRemoved("pump7", provenAt: 1_800_000_000_250))
        #expect(rules.isRemoved("pump7", provenAt: 0))
        #expect(!rules.isRemoved("pump7", provenAt: 1_800_000_000_251))
        #expect(!rules.isRemoved("pump8", provenAt: 0))
        document.remove("pump7", now: Self.noon + 60)
        #expect(AccessRules(document, trustsNames: false).isRemoved("pump7", provenAt: 1_800_000_060_250))
    }

    @Test("The file keeps the time to the millisecond, and takes times without a fraction")
    func file() throws {
        var document = TrustDocument()
        document.remove("pump7", now: Self.noon)
        let again = try JSONDecoder().decode(TrustDocument.self, from: JSONEncoder().encode(document))
        #expect(again == document)
        #expect(again.removed["pump7"].flatMap(RemovalTime.milliseconds) == 1_800_000_000_250)
        #expect(RemovalTime.milliseconds("2027-01-15T08:00:00Z") == 1_800_000_000_000)
        #expect(again.differences(from: TrustDocument()) == ["removed": "pump7"])
    }

    @Test("An entry that cannot be read is an error", arguments: [#"{"name": "a"}"#, #"{"name": "a", "at": "soon"}"#])
    func unreadable(_ entry: String) {
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode(TrustDocument.self, from: Data(#"{"removed": [\#(entry)]}"#.utf8))
        }
    }
}
