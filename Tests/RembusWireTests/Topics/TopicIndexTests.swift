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
}
