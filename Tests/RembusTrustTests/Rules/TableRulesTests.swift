import RembusTrust
import Testing

/// Tables that private topics fill (known-defects.md S6).
@Suite struct TableRulesTests {
    @Test(arguments: [
        // Private topic or pattern, table, whether one fills the other.
        ("u1/telemetry", "*/telemetry", true), ("@u1/telemetry", "*/telemetry", true),
        ("u1/other", "*/telemetry", false),
        ("/telemetry", "*/telemetry", false), ("**", "*/telemetry", true), ("**/telemetry", "*/telemetry", true),
        ("*/telemetry", "u1/telemetry", true), ("u*/telemetry", "u1/telemetry", true),
        ("u*/telemetry", "v1/telemetry", false), ("a/**/b", "*/b", true), ("a/**/b", "b/*", false),
        ("*/*/*", "*/*", false), ("telemetry", "telemetry", true), ("x*/y*", "*/*", true),
    ])
    func overlap(topic: String, table: String, overlaps: Bool) {
        let rules = AccessRules(private: [topic])
        #expect(rules.allowsTable(.proven("x"), .subscribe, topicsMatching: table) == !overlaps)
        #expect(rules.allowsTable(.anonymous, .publish, topicsMatching: table) == !overlaps)
    }

    @Test(arguments: [
        // Private, granted, table, whether that is enough.
        ("u1/t", "u1/t", "*/t", true), ("u1/t", "*/t", "*/t", true), ("u1/t", "u2/t", "*/t", false),
        ("*/t", "*/t", "*/t", true), ("*/t", "**", "*/t", true), ("*/t", "u1/t", "*/t", false),
        ("**", "*/t", "*/t", true), ("**", "**/t", "*/t", true), ("**", "u*/t", "*/t", false),
        ("u*/t", "u*/t", "*/t", true), ("u*/t", "*/t", "*/t", true), ("@u/t", "*/t", "*/t", false),
        ("@u/t", "@u/t", "*/t", true), ("@u/*", "@*/*", "*/*", true), ("@u/*", "*/*", "*/*", false),
        ("@u/*", "@u/**", "*/*", true),
        ("a/**/b", "a/**", "*/*/b", true), ("a/**/b", "a/b", "*/*/b", false), ("**/x/**", "**", "*/*/*", true),
    ])
    func grants(topic: String, granted: String, table: String, isEnough: Bool) {
        let rules = AccessRules(private: [topic], grants: [Grant(name: "x", topic: granted, actions: [.subscribe])])
        for _ in 0..<2 {
            #expect(rules.allowsTable(.proven("x"), .subscribe, topicsMatching: table) == isEnough)
            #expect(!rules.allowsTable(.proven("x"), .publish, topicsMatching: table))
            #expect(!rules.allowsTable(.claimed("x"), .subscribe, topicsMatching: table))
            #expect(!rules.allowsTable(.proven("y"), .subscribe, topicsMatching: table))
        }
    }

    @Test func everyPrivateTopicOfATableIsNeeded() {
        let one = Grant(name: "x", topic: "u1/t", actions: [.subscribe])
        let two = Grant(name: "x", topic: "u2/t", actions: [.subscribe])
        #expect(
            !AccessRules(private: ["u1/t", "u2/t"], grants: [one])
                .allowsTable(.proven("x"), .subscribe, topicsMatching: ["*/t", "t"]))
        let rules = AccessRules(private: ["u1/t", "u2/t", "u3/other"], grants: [one, two])
        #expect(rules.allowsTable(.proven("x"), .subscribe, topicsMatching: ["*/t", "t"]))
        #expect(!AccessRules(private: ["t"]).allowsTable(.proven("x"), .subscribe, topicsMatching: ["*/t", "t"]))
    }

    @Test("a pattern made to be expensive is refused in time", .timeLimit(.minutes(5)))
    func expensive() {
        let pattern = (0..<20).map { _ in "**/*" }.joined(separator: "/")
        let table = (0..<40).map { _ in "*" }.joined(separator: "/")
        let rules = AccessRules(private: [pattern], grants: [Grant(name: "x", topic: "**")])
        #expect(!rules.allowsTable(.proven("x"), .subscribe, topicsMatching: table))
    }
}
