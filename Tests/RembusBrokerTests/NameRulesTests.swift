@testable import RembusBroker
import Testing

@Suite struct NameRulesTests {
    @Test(arguments: [("pump7", "."), ("pump7.acme", "acme"), ("a.b.c", "b.c"), ("x.", "")])
    func theTenantIsBehindTheFirstDot(_ name: String, _ tenant: String) {
        #expect(NameRules.tenant(of: name) == tenant)
    }

    @Test(arguments: ["pump7", "a/b", "pump7.acme", "@x", "a..b", "mess gerät"])
    func usableNames(_ name: String) {
        #expect(NameRules.refusal(of: name, broker: "broker", maxBytes: 255) == nil)
    }

    @Test(arguments: [
        "", "repl", "__repl__", "/etc/passwd", "a/../b", "..", "a\u{0}b", "a\nb", "broker",
        String(repeating: "x", count: 256),
    ])
    func unusableNames(_ name: String) {
        #expect(NameRules.refusal(of: name, broker: "broker", maxBytes: 255) != nil)
    }
}
