import RembusTrust
import Testing

/// Private topics, grants and roles (behaviour.md §12, known-defects.md S1, S2).
@Suite struct AccessRulesTests {
    @Test func withoutRulesEverythingIsPublic() {
        for action in TrustAction.allCases { #expect(AccessRules.open.allows(.anonymous, action, "a/b")) }
        #expect(!AccessRules.open.hasPrivateTopics && !AccessRules.open.isPrivate("a"))
        #expect(!AccessRules.open.isAdministrator(.proven("root")))
    }

    @Test func privateTopicsNeedAGrantForTheAction() {
        let rules = AccessRules(private: ["a/b"], grants: [Grant(name: "x", topic: "a/b", actions: [.subscribe])])
        #expect(rules.allows(.proven("x"), .subscribe, "a/b"))
        #expect(!rules.allows(.proven("x"), .publish, "a/b"))
        #expect(!rules.allows(.proven("y"), .subscribe, "a/b"))
        #expect(!rules.allows(.anonymous, .subscribe, "a/b"))
        #expect(rules.allows(.anonymous, .publish, "a/c"))
    }

    @Test func administratorsAreNotGrantedAnything() {
        let rules = AccessRules(private: ["a"], admins: ["root"])
        #expect(rules.isAdministrator(.proven("root")))
        #expect(!rules.allows(.proven("root"), .publish, "a"))
    }

    @Test func aNameProvesNothingUnlessNamesAreTrusted() {
        for trustsNames in [false, true] {
            let rules = AccessRules(
                private: ["a"], grants: [Grant(name: "x", topic: "a")], admins: ["root"], trustsNames: trustsNames)
            #expect(rules.allows(.claimed("x"), .publish, "a") == trustsNames)
            #expect(rules.isAdministrator(.claimed("root")) == trustsNames)
            #expect(rules.needsProof(toBind: "root") == !trustsNames)
            #expect(!rules.needsProof(toBind: "x"))
            #expect(!rules.allows(.anonymous, .publish, "a"))
        }
    }

    @Test(arguments: [
        ("plant/*/secret", "plant/7/secret", true), ("plant/*/secret", "plant/7/8/secret", false),
        ("plant/*/secret", "plant/@7/secret", false), ("plant/**", "plant", true), ("plant/**", "plant/a/b", true),
        ("plant/**", "plants", false), ("**/key", "key", true), ("**", "a", true),
        ("plant/pump*/x", "plant/pump7/x", true),
        ("plant/pump*/x", "plant/pump/x", false), ("plant/*u*7/x", "plant/pump7/x", true), ("a/**/b", "a/b", true),
        ("*", "*", true),
    ])
    func patternsCoverWhatTheyMatch(pattern: String, topic: String, matches: Bool) {
        let byPattern = AccessRules(private: [pattern])
        #expect(byPattern.isPrivate(topic) == matches)
        #expect(byPattern.allows(.proven("x"), .call, topic) == !matches)
        let granted = AccessRules(private: [topic], grants: [Grant(name: "x", topic: pattern, actions: [.call])])
        #expect(granted.allows(.proven("x"), .call, topic) == matches || topic == "*")
        #expect(!granted.allows(.proven("y"), .call, topic) || !granted.isPrivate(topic))
        #expect(!granted.allows(.proven("x"), .expose, topic) || !granted.isPrivate(topic))
    }

    @Test func grantsOfSeveralKindsAddUp() {
        let rules = AccessRules(
            private: ["plant/**"],
            grants: [
                Grant(name: "x", topic: "plant/7", actions: [.publish]),
                Grant(name: "x", topic: "plant/*", actions: [.subscribe]),
                Grant(name: "x", topic: "**", actions: [.call]),
            ])
        let allowed = TrustAction.allCases.filter { rules.allows(.proven("x"), $0, "plant/7") }
        #expect(Set(allowed) == [.publish, .subscribe, .call])
    }

    @Test func readOnlyComponentsSubscribeAndQuery() {
        let rules = AccessRules(private: ["a"], grants: [Grant(name: "r", topic: "a")], readOnly: ["r"])
        for who in [Principal.proven("r"), .claimed("r")] {
            #expect(rules.allows(who, .subscribe, "b"))
            #expect(!rules.allows(who, .publish, "b") && !rules.allows(who, .expose, "b"))
            for method in ["query_sensor", "rid", "version", "uptime"] { #expect(rules.allows(who, .call, method)) }
            for method in ["upsert_sensor", "delete_sensor", "b"] { #expect(!rules.allows(who, .call, method)) }
            #expect(rules.allowsTable(who, .subscribe, topicsMatching: "*/b"))
            #expect(!rules.allowsTable(who, .publish, topicsMatching: "*/b"))
        }
        #expect(rules.allows(.proven("r"), .subscribe, "a") && !rules.allows(.proven("r"), .publish, "a"))
        #expect(!rules.allows(.claimed("r"), .subscribe, "a"))
        #expect(rules.isReadOnly(.claimed("r")) && !rules.isReadOnly(.anonymous))
    }

    @Test func lookAlikesAreOthers() {
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        let rules = AccessRules(
            private: [composed], grants: [Grant(name: composed, topic: composed)], readOnly: [composed],
            admins: [composed])
        #expect(rules.isPrivate(composed) && !rules.isPrivate(decomposed))
        #expect(rules.allows(.proven(composed), .subscribe, composed))
        #expect(!rules.allows(.proven(decomposed), .subscribe, composed))
        #expect(rules.isAdministrator(.proven(composed)) && !rules.isAdministrator(.proven(decomposed)))
        #expect(!rules.isReadOnly(.claimed(decomposed)))
        #expect(Principal.proven(composed) != .proven(decomposed))
        #expect(Grant(name: composed, topic: "a") != Grant(name: decomposed, topic: "a"))
        let both = AccessRules(private: [composed, decomposed, "\(decomposed)/*"])
        #expect(both.isPrivate(composed) && both.isPrivate(decomposed))
        #expect(both.isPrivate("\(decomposed)/x") && !both.isPrivate("\(composed)/x"))
    }

    @Test("100,000 grants and 10,000 private patterns cost a topic nothing", .timeLimit(.minutes(5)))
    func large() {
        let patterns = (0..<10_000).map {
            ["site\($0)/*/secret", "site/pump\($0)*/x", "**/key\($0)", "a/\($0)/**"][$0 % 4]
        }
        let grants = (0..<100_000).map {
            Grant(name: "c\($0 % 50_000)", topic: $0 < 50_000 ? "site\($0 % 10_000)/7/secret" : "a/\($0 % 10_000)/*")
        }
        let rules = AccessRules(private: patterns, grants: grants)
        // A look at every pattern, or at every grant, would take longer than the limit of this test.
        for round in 0..<20 {
            for number in 0..<2000 {
                let name = Principal.proven("c\(number)")
                #expect(rules.allows(name, .publish, "site\(number)/7/secret"))
                #expect(rules.allows(name, .publish, "a/\(number)/x"))
                // Private by `site/pump1*/x`, `site/pump21*/x` and so on, and granted to nobody.
                let isPrivate = (1...4).contains { length in
                    "\(number)".count >= length && (Int("\(number)".prefix(length)) ?? 0) % 4 == 1
                }
                #expect(rules.allows(name, .publish, "site/pump\(number)x\(round)/x") == !isPrivate)
            }
        }
    }
}
