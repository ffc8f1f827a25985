import NIOCore
import Testing

@testable import RembusTables

@Suite struct TableMatcherTests {
    /// storage.md §3.
    @Test(
        arguments: [
            ("hq/HVAC/u1/sensor", 0), ("u1/telemetry", 1), ("hq/HVAC/u5/extra/sensor", nil), ("/telemetry", nil),
            ("telemetry", 1), ("sensor", 0), ("a/b", nil), ("", nil), ("*/telemetry", 1), ("a@b/telemetry", 1),
            ("u1/telemetry/", nil), ("u1/Telemetry", nil), ("hq//u1/sensor", nil), ("TELEMETRY", nil),
        ] as [(String, Int?)])
    func findsTheTable(topic: String, table: Int?) throws {
        #expect(TableMatcher(try Example.schema()).match(topic)?.table == table)
    }

    @Test func takesTheFirstOfTheFile() throws {
        let json = #"""
            {"tables": [{"table": "one", "topic": "a/:x", "columns": [{"col": "x", "type": "TEXT"}]},
                {"table": "two", "topic": "a/b", "columns": [{"col": "x", "type": "TEXT"}]},
                {"table": "a/c", "topic": ":x/c/d", "columns": [{"col": "x", "type": "TEXT"}]}]}
            """#
        let matcher = TableMatcher(try StoreSchema(json: ByteBuffer(string: json), file: "f"))
        #expect(matcher.match("a/b")?.table == 0)
        // A topic before a name.
        #expect(matcher.match("a/c")?.table == 0)
        #expect(matcher.match("two")?.table == 1)
    }

    @Test func loadTestsFillNoTableButTheirOwn() throws {
        let json = #"""
            {"tables": [{"table": "any", "topic": ":a/:b", "columns": [{"col": "a", "type": "TEXT"}, {"col": "b", "type": "TEXT"}]},
                {"table": "own", "topic": "@bench/:b/x", "columns": [{"col": "b", "type": "TEXT"}]}]}
            """#
        let matcher = TableMatcher(try StoreSchema(json: ByteBuffer(string: json), file: "f"))
        #expect(matcher.match("@bench/1") == nil)
        #expect(matcher.match("bench/1")?.table == 0)
        #expect(matcher.match("@bench/1/x")?.table == 1)
    }

    @Test func knowsWhetherTheTopicHasVariables() throws {
        let matcher = TableMatcher(try Example.schema())
        #expect(matcher.match("u1/telemetry")?.hasVariables == true)
        // Found by name; the reference does not store a message without arguments there either.
        #expect(matcher.match("telemetry")?.hasVariables == false)
        let plain = #"{"tables": [{"table": "x", "columns": [{"col": "a", "type": "TEXT"}]}]}"#
        let other = TableMatcher(try StoreSchema(json: ByteBuffer(string: plain), file: "f"))
        #expect(other.match("x")?.hasVariables == false)
    }

    @Test func splitsAtBytes() throws {
        // A slash with a combining mark is one character, and a slash all the same.
        #expect(TableMatcher(try Example.schema()).match("u1/\u{0301}telemetry") == nil)
        #expect(TopicSegment.split("a/\u{0301}b").count == 2)
    }
}
