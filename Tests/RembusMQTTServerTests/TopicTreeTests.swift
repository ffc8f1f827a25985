import RembusMQTT
import RembusWire
import Testing

@testable import RembusMQTTServer

@Suite struct TopicTreeTests {
    private static let topics = ["a", "a/", "a/b", "a/b/c", "/", "/a", "b", "$s", "$s/a", "a//c", "a@b", "é"]
    private static let filters = [
        "#", "+", "+/+", "a/#", "a/+", "a/+/c", "/+", "+/#", "$s/#", "$s/+", "a", "a//c", "nobody",
    ]

    private func matches(_ tree: TopicTree<String>, _ filter: String) -> Set<String> {
        var found: Set<String> = []
        tree.forEachMatch(of: filter) { topic in
            let isNew = found.insert(topic).inserted
            #expect(isNew)
            return true
        }
        return found
    }

    @Test(arguments: filters) func filtersFindWhatTheyMatch(filter: String) {
        var tree = TopicTree<String>()
        for topic in Self.topics { tree.set(topic, for: topic) }
        let expected = Self.topics.filter { MQTTTopics.matches(filter: filter, topic: $0) }
        #expect(matches(tree, filter) == Set(expected))
    }

    /// The broker's index of subscriptions sees the same as the plain comparison.
    @Test(arguments: filters) func subscriptionsMatchTheSame(filter: String) {
        for topic in Self.topics {
            #expect(
                TopicPattern(mqttFilter: filter).matches(topic) == MQTTTopics.matches(filter: filter, topic: topic),
                "\(filter) \(topic)")
        }
    }

    @Test func whatIsTakenAwayIsGone() {
        var tree = TopicTree<String>()
        for topic in Self.topics { tree.set(topic, for: topic) }
        let first = tree.set(nil, for: "a/b")
        let second = tree.set(nil, for: "a/b")
        #expect((first, second) == ("a/b", nil))
        #expect(tree["a/b/c"] == "a/b/c")
        #expect(tree.count == Self.topics.count - 1)
        for topic in Self.topics { tree.set(nil, for: topic) }
        #expect(tree.count == 0)
        #expect(matches(tree, "#").isEmpty)
    }
}
