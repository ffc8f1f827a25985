import Testing

@testable import RembusMQTT

@Suite("MQTT topics and filters")
struct TopicTests {
    @Test("Names") func names() {
        for topic in ["a", "/", "a//b", "$SYS/x", "é", String(repeating: "a", count: 65_535)] {
            #expect(MQTTTopics.isValidTopic(topic))
        }
        for topic in ["", "a/+", "#", "a\u{0}", String(repeating: "a", count: 65_536)] {
            #expect(!MQTTTopics.isValidTopic(topic))
        }
    }

    @Test("Filters") func filters() {
        for filter in ["#", "+", "a/#", "+/+", "/", "/+", "a/+/b", "$share/g/a/#", "$share/g/", "$shared/a"] {
            #expect(MQTTTopics.isValidFilter(filter) == (filter != "$share/g/"), "\(filter)")
        }
        for filter in ["", "a#", "#/a", "a+", "+a/b", "a/#/b", "a\u{0}", "$share/g", "$share//a", "$share/+/a"] {
            #expect(!MQTTTopics.isValidFilter(filter), "\(filter)")
        }
    }

    @Test("Matching as the specification has it") func matching() {
        let yes = [
            ("sport/tennis/player1/#", "sport/tennis/player1"),
            ("sport/tennis/player1/#", "sport/tennis/player1/ranking"),
            ("sport/#", "sport"), ("#", "a/b"), ("+", "finance"), ("/+", "/finance"), ("+/+", "/finance"),
            ("sport/+", "sport/"), ("$SYS/#", "$SYS/x"), ("a/+/c", "a//c"), ("a", "a"), ("+/#", "a"), ("a/+/#", "a/b"),
        ]
        for (filter, topic) in yes { #expect(MQTTTopics.matches(filter: filter, topic: topic), "\(filter) \(topic)") }
        let no = [
            ("sport/+", "sport"), ("+", "/finance"), ("#", "$SYS/x"), ("+/x", "$SYS/x"), ("a/b", "a"), ("a", "a/b"),
            ("a/#", "ab"), ("a/+", "a/b/c"), ("a/b/#", "a"), ("A", "a"),
        ]
        for (filter, topic) in no { #expect(!MQTTTopics.matches(filter: filter, topic: topic), "\(filter) \(topic)") }
    }

    @Test("Filters as patterns, and back") func mapping() {
        #expect(MQTTTopics.pattern(ofFilter: "a/+/#") == "a/*/**")
        #expect(MQTTTopics.pattern(ofFilter: "/a+/") == "/a+/")
        #expect(MQTTTopics.filter(ofPattern: "a/*/**")?.filter == "a/+/#")
        #expect(MQTTTopics.filter(ofPattern: "a/**/b")?.filter == "a/#")
        #expect(MQTTTopics.filter(ofPattern: "a/x*y/b")?.filter == "a/+/b")
        #expect(MQTTTopics.filter(ofPattern: "a/b")?.isExact == true)
        #expect(MQTTTopics.filter(ofPattern: "a/+") == nil)
    }

    @Test("Shared subscriptions") func shared() {
        #expect(MQTTTopics.sharedFilter("$share/g/a/b")?.group == "g")
        #expect(MQTTTopics.sharedFilter("$share/g/a/b")?.filter == "a/b")
        #expect(MQTTTopics.sharedFilter("a/b") == nil)
    }
}
