import RembusWire
import Testing

@Suite struct TopicIndexTests {
    private func matches(_ index: inout TopicIndex<Int>, _ topic: String) -> [Int] {
        var found: [Int] = []
        index.forEachMatch(of: topic) { found.append($0) }
        return found.sorted()
    }

    @Test func eachPatternMatchesOnce() {
        var index = TopicIndex<Int>()
        // Two ways lead through this pattern for most topics; its subscriber still hears once.
        index.insert(TopicPattern("**/a/**"), element: 1)
        index.insert(TopicPattern("**"), element: 2)
        index.insert(TopicPattern("*/a"), element: 3)
        #expect(matches(&index, "a/a/a") == [1, 2])
        #expect(matches(&index, "x/a") == [1, 2, 3])
    }

    @Test func severalElementsShareAPattern() {
        var index = TopicIndex<Int>()
        index.insert(TopicPattern("*/x"), element: 1)
        index.insert(TopicPattern("*/x"), element: 2)
        #expect(matches(&index, "a/x") == [1, 2])
        #expect(index.remove(TopicPattern("*/x")) { $0 == 1 })
        #expect(matches(&index, "a/x") == [2])
        #expect(!index.remove(TopicPattern("*/x")) { $0 == 1 })
        #expect(!index.remove(TopicPattern("*/y")) { _ in true })
        #expect(index.count == 1)
    }

    /// The index agrees with the plain rule for random patterns and topics, also after half of them were removed.
    @Test func agreesWithEachPatternOnItsOwn() {
        var generator = SystemRandomNumberGenerator()
        let words = ["a", "b", "*", "**", "c*", "@d", ""]
        let patterns = (0..<300).map { _ in
            TopicPattern(
                (0..<Int.random(in: 1...4)).map { _ in words.randomElement(using: &generator) ?? "" }.joined(
                    separator: "/"))
        }
        var index = TopicIndex<Int>()
        for (number, pattern) in patterns.enumerated() { index.insert(pattern, element: number) }
        func check(_ live: Range<Int>) {
            for _ in 0..<300 {
                let topic = (0..<Int.random(in: 1...5)).map { _ in
                    ["a", "b", "cd", "@d", ""].randomElement(using: &generator) ?? ""
                }.joined(separator: "/")
                #expect(matches(&index, topic) == live.filter { patterns[$0].matches(topic) }, "\(topic)")
            }
        }
        check(0..<300)
        for number in 0..<150 { #expect(index.remove(patterns[number]) { $0 == number }) }
        check(150..<300)
        #expect(index.count == 150)
    }

    /// Many `**` do not make a match exponential: this would not end if they did.
    @Test func manyDeepWildcardsStayCheap() {
        var index = TopicIndex<Int>()
        let pattern = Array(repeating: "**/a", count: 30).joined(separator: "/")
        index.insert(TopicPattern(pattern), element: 1)
        let topic = Array(repeating: "a", count: 200).joined(separator: "/")
        #expect(matches(&index, topic) == [1])
        #expect(matches(&index, topic + "/b") == [])
    }

    /// Text that only looks the same is another pattern, inside of a segment too.
    @Test func lookAlikesAreOtherPatterns() {
        var index = TopicIndex<Int>()
        for (number, text) in ["caf\u{E9}*", "cafe\u{301}*", "caf\u{E9}", "cafe\u{301}"].enumerated() {
            index.insert(TopicPattern(text), element: number)
        }
        #expect(matches(&index, "caf\u{E9}s") == [0])
        #expect(matches(&index, "cafe\u{301}s") == [1])
        #expect(index.remove(TopicPattern("cafe\u{301}*")) { _ in true })
        #expect(matches(&index, "caf\u{E9}s") == [0])
        #expect(matches(&index, "caf\u{E9}") == [2])
    }

    /// Places of patterns that have gone are used again, and lead where the new ones say.
    @Test func placesAreUsedAgain() {
        var index = TopicIndex<Int>()
        for round in 0..<50 {
            for number in 0..<20 { index.insert(TopicPattern("\(round)/\(number)/a*/**"), element: number) }
            #expect(matches(&index, "\(round)/7/ab/x/y") == [7])
            for number in 0..<20 where number != 7 {
                #expect(index.remove(TopicPattern("\(round)/\(number)/a*/**")) { _ in true })
            }
            #expect(index.nodes.count < 70 + 5 * round)
        }
        var all: [Int] = []
        index.forEach { all.append($0) }
        #expect(all == Array(repeating: 7, count: 50))
        for round in 0..<50 { #expect(index.remove(TopicPattern("\(round)/7/a*/**")) { _ in true }) }
        #expect(index.isEmpty && index.nodes.count == 1)
        #expect(matches(&index, "1/7/ab") == [])
    }

    @Test func mqttFiltersMatchAsMQTTSays() {
        var index = TopicIndex<Int>()
        for (number, filter) in ["#", "+", "a/#", "a/+", "$SYS/#", "+/b"].enumerated() {
            index.insert(TopicPattern(mqttFilter: filter), element: number)
        }
        #expect(matches(&index, "a") == [0, 1, 2])
        #expect(matches(&index, "a/b") == [0, 2, 3, 5])
        #expect(matches(&index, "a/b/c") == [0, 2])
        #expect(matches(&index, "$SYS/b") == [4])
        #expect(matches(&index, "") == [0, 1])
    }

    /// What is asked for all topics of a pattern at once is found only where one pattern has them all.
    @Test func onePatternCoversAnother() {
        var index = TopicIndex<Int>()
        for (number, text) in ["a/*", "a/b", "a/b*", "**", "*/@x"].enumerated() {
            index.insert(TopicPattern(text), element: number)
        }
        func covers(_ segments: [TopicPattern.Segment]) -> [Int] {
            var found: [Int] = []
            index.forEachCover(of: segments) { found.append($0) }
            return found.sorted()
        }
        #expect(covers([.literal("a"), .one]) == [0, 3])
        #expect(covers([.literal("a"), .glob("b*")]) == [0, 2, 3])
        #expect(covers([.literal("a"), .literal("b")]) == [0, 1, 3])
        #expect(covers([.one, .literal("@x")]) == [4])
    }
}
