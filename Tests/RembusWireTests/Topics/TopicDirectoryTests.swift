import Testing

@testable import RembusWire

@Suite("Topics found by patterns")
struct TopicDirectoryTests {
    private static let words = ["a", "b", "cd", "c", "@d", "", "$s", "e@f", "é"]
    private static let parts = ["a", "b", "*", "**", "c*", "*d", "@d", "", "$s", "é"]
    private static let filterParts = ["a", "b", "+", "cd", "", "$s", "@d"]

    private static func text(_ words: [String], upTo length: Int) -> String {
        (0..<Int.random(in: 1...length)).map { _ in words.randomElement() ?? "" }.joined(separator: "/")
    }

    private static func pattern() -> TopicPattern {
        guard Bool.random() else { return TopicPattern(text(parts, upTo: 5)) }
        let filter = text(filterParts, upTo: 4)
        return TopicPattern(mqttFilter: Bool.random() ? filter : Bool.random() ? filter + "/#" : "#")
    }

    private func found(_ directory: TopicDirectory<String>, _ pattern: TopicPattern) -> [String]? {
        var patience = Int.max
        return directory.values(matching: pattern, patience: &patience)?.sorted()
    }

    @Test("A pattern finds exactly the topics that it matches, also after half of them were removed")
    func agreement() {
        var topics = Set((0..<400).map { _ in Self.text(Self.words, upTo: 5) })
        var directory = TopicDirectory<String>()
        for topic in topics { directory.insert(topic, for: topic) }
        for _ in 0..<2 {
            for _ in 0..<400 {
                let pattern = Self.pattern()
                let expected = topics.filter { pattern.matches($0) }.sorted()
                #expect(found(directory, pattern) == expected, "\(pattern)")
            }
            #expect(directory.count == topics.count)
            for topic in topics.shuffled().prefix(topics.count / 2) {
                #expect(directory.remove(topic) == topic)
                #expect(directory.remove(topic) == nil)
                topics.remove(topic)
            }
        }
        for topic in topics { #expect(directory[topic] == topic) }
        #expect(Set(directory.removeAll()) == topics)
        #expect((directory.count, directory.nodeCount) == (0, 0))
    }

    @Test("What is removed takes its segments along, and leaves those of others")
    func removal() {
        var directory = TopicDirectory<Int>()
        directory.insert(1, for: "a/b/c")
        directory.insert(2, for: "a/b")
        #expect(directory.insert(3, for: "a/b") == 2)
        #expect((directory.count, directory.nodeCount) == (2, 3))
        #expect(directory.remove("a") == nil)
        #expect(directory.remove("a/b/c") == 1)
        #expect((directory.count, directory.nodeCount) == (1, 2))
        #expect(directory.remove("a/b") == 3)
        #expect((directory.count, directory.nodeCount) == (0, 0))
    }

    @Test("A search in vain ends when its patience does; one that finds something goes on")
    func patience() {
        var directory = TopicDirectory<Int>()
        for number in 0..<1000 { directory.insert(number, for: "\(number)/temp") }
        var patience = 1500
        #expect(directory.values(matching: TopicPattern("*/state"), patience: &patience) == nil)
        #expect(patience == 0)
        patience = 1500
        #expect(directory.values(matching: TopicPattern("*/temp"), patience: &patience)?.count == 1000)
        #expect(patience == 1500)
        // A way that the first segment gives costs little.
        #expect(directory.values(matching: TopicPattern("7/**"), patience: &patience) == [7])
        #expect(directory.values(matching: TopicPattern("x/**"), patience: &patience) == [])
        #expect(patience >= 1495)
    }

    @Test("A pattern that is too long for a search says so")
    func length() {
        var directory = TopicDirectory<Int>()
        directory.insert(1, for: "a")
        var patience = 100
        let long = Array(repeating: "*", count: 64).joined(separator: "/")
        #expect(directory.values(matching: TopicPattern(long), patience: &patience) == nil)
        #expect(directory.values(matching: TopicPattern(String(long.dropLast(2))), patience: &patience) == [])
    }

    /// Many `**` do not make a search exponential: this would not end if they did.
    @Test("Many deep wildcards stay cheap")
    func manyDeepWildcards() {
        var directory = TopicDirectory<Int>()
        directory.insert(1, for: Array(repeating: "a", count: 200).joined(separator: "/"))
        #expect(found(directory, Array(repeating: "**/a", count: 30).joined(separator: "/")) == ["1"])
        #expect(found(directory, Array(repeating: "**/a", count: 30).joined(separator: "/") + "/b") == [])
    }

    private func found(_ directory: TopicDirectory<Int>, _ pattern: String) -> [String]? {
        var patience = Int.max
        return directory.values(matching: TopicPattern(pattern), patience: &patience)?.map { "\($0)" }
    }
}
