import RembusMQTT
import RembusWire
import Testing

/// The broker's index of subscriptions sees the same in a filter as the plain comparison.
@Suite struct FilterTests {
    private static let topics = ["a", "a/", "a/b", "a/b/c", "/", "/a", "b", "$s", "$s/a", "a//c", "a@b", "é"]
    private static let filters = [
        "#", "+", "+/+", "a/#", "a/+", "a/+/c", "/+", "+/#", "$s/#", "$s/+", "a", "a//c", "nobody",
    ]

    @Test(arguments: filters) func subscriptionsMatchTheSame(filter: String) {
        for topic in Self.topics {
            #expect(
                TopicPattern(mqttFilter: filter).matches(topic) == MQTTTopics.matches(filter: filter, topic: topic),
                "\(filter) \(topic)")
        }
    }

    @Test(arguments: filters) func whatIsRetainedIsFoundByTheSame(filter: String) {
        var tree = TopicDirectory<String>()
        for topic in Self.topics { tree.insert(topic, for: topic) }
        let expected = Self.topics.filter { MQTTTopics.matches(filter: filter, topic: $0) }
        var patience = Int.max
        let found = tree.values(matching: TopicPattern(mqttFilter: filter), patience: &patience)
        #expect(found?.sorted() == expected.sorted())
    }
}
