import RembusTesting
import RembusWire
import Testing

/// Topics with wildcards: behaviour.md §6. Each line of its table is a case.
@Suite("Wildcards")
struct WildcardTests {
    struct Pair: Sendable, CustomTestStringConvertible {
        let pattern, topic: String
        var testDescription: String { "\(pattern) and \(topic)" }

        init(_ pattern: String, _ topic: String) { (self.pattern, self.topic) = (pattern, topic) }
    }

    private static let matches = [
        Pair("w/*/x", "w/m/x"), Pair("w/a/**/b", "w/a/1/b"), Pair("w/a/**/b", "w/a/1/2/b"),
        Pair("w/a/**/b", "w/a//b"), Pair("w/a/**/b", "w/a/b"), Pair("**/tele", "q/tele"),
        Pair("**/tele", "q/r/tele"), Pair("**/tele", "/tele"), Pair("**/tele", "tele"), Pair("w/**", "w/a"),
        Pair("w/**", "w/a/b/c"), Pair("w/*/*", "w/a/b"), Pair("*/w", "m/w"), Pair("w/*", "w/ünï"),
        Pair("w/a.b/*", "w/a.b/c"), Pair("w/+/(x)/*", "w/+/(x)/y"), Pair("w/k/@e/*", "w/k/@e/y"),
    ]

    private static let misses = [
        Pair("*/x", "m/n/x"), Pair("*/x", "x"), Pair("*/x", "@m/x"), Pair("*/x", "m@k/x"), Pair("w/**", "w/a/@b/c"),
        Pair("w/**", "w/user@host"), Pair("w/a/**/b", "w/a/1"), Pair("w/a/**/b", "w/ab"), Pair("w/*", "w/a/b"),
        Pair("w/*", "w/"), Pair("w/*/b", "w//b"), Pair("w/a.b/*", "w/aXb/c"), Pair("w/A/*", "w/a/x"),
    ]

    @Test("A pattern matches", arguments: matches, Stage.loops)
    func matching(pair: Pair, loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: pair.pattern), try stage.peer())
        try publisher.publish(pair.topic, 7)
        #expect(
            try subscriber.next() == .publish(.init(topic: pair.pattern, arguments: [.text(pair.topic), 7])))
        #expect(try subscriber.isSilent())
    }

    @Test("A pattern does not match", arguments: misses, Stage.loops)
    func missing(pair: Pair, loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: pair.pattern), try stage.peer())
        try publisher.publish(pair.topic, 7)
        #expect(try subscriber.isSilent())
    }

    @Test("Two stars match any topic, and one star a topic of one segment", arguments: Stage.loops)
    func stars(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (everything, single) = (try stage.subscriber("all", to: "**"), try stage.subscriber("single", to: "*"))
        let publisher = try stage.peer("publisher")
        for (number, topic) in ["plain", "m/x", "last"].enumerated() {
            try publisher.publish(topic, .integer(Int64(number)))
        }
        #expect(try everything.nextTopic() == Delivered("**", ["plain", 0]))
        #expect(try everything.nextTopic() == Delivered("**", ["m/x", 1]))
        #expect(try everything.nextTopic() == Delivered("**", ["last", 2]))
        #expect(try single.nextTopic() == Delivered("*", ["plain", 0]))
        #expect(try single.nextTopic() == Delivered("*", ["last", 2]))
        #expect(try everything.isSilent() && single.isSilent())
    }

    @Test("One star needs no other pattern", arguments: Stage.loops)
    func oneStar(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (single, publisher) = (try stage.subscriber(to: "*"), try stage.peer())
        try publisher.publish("plain", 1)
        #expect(try single.nextTopic() == Delivered("*", ["plain", 1]))
    }

    @Test("The delivery carries the pattern and the real topic", arguments: PeerEncoding.allCases, Stage.loops)
    func delivery(encoding: PeerEncoding, loops: Int) throws {
        let stage = try Stage(loops: loops, encoding)
        let (subscriber, publisher) = (try stage.subscriber(to: "yard/*/flow"), try stage.peer())
        try publisher.publish("yard/pump7/flow", 12.5, "lpm")
        #expect(
            try subscriber.next()
                == .publish(.init(topic: "yard/*/flow", arguments: ["yard/pump7/flow", 12.5, "lpm"])))
    }

    @Test(
        "The real topic precedes any number of arguments", arguments: [0, 1, 22, 23, 24, 255, 256, 300], Stage.loops)
    func manyArguments(count: Int, loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "many/*"), try stage.peer())
        let arguments = (0..<count).map { Value.integer(Int64($0)) }
        publisher.sendPublication("many/x", arguments)
        #expect(try subscriber.nextTopic() == Delivered("many/*", ["many/x"] + arguments))
    }

    @Test("The real topic precedes arguments of indefinite length", arguments: Stage.loops)
    func indefiniteArguments(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "indefinite/*"), try stage.peer())
        let topic = Array("indefinite/x".utf8)
        publisher.send(
            bytes: [0x83, 0x01, 0x60 + UInt8(topic.count)] + topic + [0x9F, 0x01, 0x61, 0x61, 0xFF])
        #expect(try subscriber.nextTopic() == Delivered("indefinite/*", ["indefinite/x", 1, "a"]))
    }

    /// Bytes of a payload and what a subscriber reads.
    private static let scalars: [([UInt8], [Value])] = [
        ([0xF6], []), ([0x05], [5]), ([0x61, 0x78], ["x"]), ([0xA1, 0x61, 0x6B, 0x01], [["k": 1]]),
    ]

    @Test("The real topic precedes a payload that is no array", arguments: scalars.indices, Stage.loops)
    func scalarPayload(index: Int, loops: Int) throws {
        let (payload, arguments) = Self.scalars[index]
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "scalar/*"), try stage.peer())
        publisher.send(bytes: [0x83, 0x01, 0x68] + Array("scalar/x".utf8) + payload)
        #expect(try subscriber.nextTopic() == Delivered("scalar/*", ["scalar/x"] + arguments))
    }

    @Test(
        "Each matching pattern and the exact topic give one delivery", arguments: PeerEncoding.allCases, Stage.loops)
    func overlap(encoding: PeerEncoding, loops: Int) throws {
        let stage = try Stage(loops: loops, encoding)
        let (subscriber, publisher) = (try stage.subscriber(to: "m/a/b", "m/**", "m/*/b"), try stage.peer())
        try publisher.publish("m/a/b", 1)
        let received = try (0..<3).map { _ in try subscriber.nextTopic() }.sorted { $0.topic < $1.topic }
        let patterns = ["m/**", "m/*/b"].map { Delivered($0, ["m/a/b", 1]) }
        #expect(received == (patterns + [Delivered("m/a/b", [1])]).sorted { $0.topic < $1.topic })
        #expect(try subscriber.isSilent())
    }
}
