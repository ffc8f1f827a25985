import RembusWire
import Testing

/// The table of behaviour.md §6.1, column "here", and what follows from its rules.
@Suite struct TopicPatternTests {
    @Test(arguments: [
        ("*/x", "m/x", true), ("*/x", "m/n/x", false), ("*/x", "x", false),
        ("*/x", "@m/x", false), ("*/x", "m@k/x", false), ("*/x", "/x", false),
        ("a/**/b", "a/1/b", true), ("a/**/b", "a/1/2/b", true), ("a/**/b", "a//b", true), ("a/**/b", "a/b", true),
        ("a/**/b", "a/@1/b", false), ("a/**/b", "a/1/b/c", false),
        ("**/tele", "q/tele", true), ("**/tele", "q/r/tele", true), ("**/tele", "/tele", true),
        ("**/tele", "tele", true),
        ("**/tele", "q/@r/tele", false), ("**/tele", "q/telex", false),
        ("**", "plain", true), ("**", "a/b/c", true), ("**", "a/@b", false),
        ("*", "plain", true), ("*", "m/x", false), ("*", "@plain", false),
        ("k/@e/*", "k/@e/y", true), ("k/@e/*", "k/e/y", false),
        ("a/**", "a", true), ("a/**", "a/b/c", true), ("a/**", "ab", false),
        ("**/a/**/b/**", "x/a/y/z/b", true), ("**/a/**/b/**", "a/b", true), ("**/a/**/b/**", "b/a", false),
        ("pump*/flow", "pump7/flow", true), ("pump*/flow", "pump/flow", false), ("pump*/flow", "pump@7/flow", false),
        ("*.c*d/x", "ab.cxxd/x", true), ("*.c*d/x", "ab.cd/x", false),
    ])
    func follows(_ pattern: String, _ topic: String, _ expected: Bool) {
        #expect(TopicPattern(pattern).matches(topic) == expected)
    }

    @Test func aTopicWithAStarIsAPattern() {
        #expect(TopicPattern.isPattern("a/*/b"))
        #expect(TopicPattern.isPattern("**"))
        #expect(!TopicPattern.isPattern("a/b"))
    }
}
