import Logging
import NIOCore
import Testing

@testable import RembusTables

/// How far back recorded publications are there.
@Suite struct RetentionHorizonTests {
    private static func policy(_ patterns: String...) throws -> RecordPolicy {
        RecordPolicy(try patterns.map { try RecordPattern(parsing: $0) })
    }

    @Test("an age moves on by itself, a size when something was deleted, the first pattern decides")
    func horizon() throws {
        let horizon = RetentionHorizon(
            try Self.policy("a/**,age=5s", "b/**,size=1kB,age=100s", "keep/**", "all,age=1h"))
        #expect(horizon.isLimited)
        let now: UInt64 = 1_000_000_000_000
        let first = try #require(horizon.pattern(for: "a/x"))
        #expect(horizon.oldest(first, now: now) == now - 5_000_000_000)
        #expect(horizon.oldest(first, now: 1) == 0)
        let second = try #require(horizon.pattern(for: "b/x"))
        horizon.raise(second, to: now - 7)
        horizon.raise(second, to: now - 9)
        #expect(horizon.oldest(second, now: now) == now - 7)
        #expect(horizon.pattern(for: "keep/x") == nil)
        let last = try #require(horizon.pattern(for: "else"))
        #expect(horizon.oldest(last, now: 4000 * 1_000_000_000) == 400 * 1_000_000_000)
        // After a restart, by its text; only where there still is a size.
        horizon.raise("a/**", to: now)
        #expect(horizon.oldest(first, now: now) == now - 5_000_000_000)
        horizon.raise("b/**", to: now)
        #expect(horizon.oldest(second, now: now) == now)
    }

    @Test("the longest age is that of everything only where everything has one")
    func longest() throws {
        #expect(try Self.policy("a,age=1s", "b,age=2s").longestAge == 2_000_000_000)
        #expect(try Self.policy("a,age=1s", "none").longestAge == 1_000_000_000)
        #expect(try Self.policy("a,age=1s", "all").longestAge == nil)
        #expect(RecordPolicy().longestAge == nil)
        #expect(try !RetentionHorizon(Self.policy("a", "none")).isLimited)
    }

    @Test("what is lost of a table is counted per table")
    func shed() throws {
        let schema = try StoreSchema(
            json: ByteBuffer(
                string: """
                    {"tables": [{"table": "a", "topic": ":x/a", "columns": [{"col": "x", "type": "TEXT"}]},
                      {"table": "b", "columns": [{"col": "y", "type": "TEXT"}]}]}
                    """), file: "schema.json")
        let tables = FilledTables(schema, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        #expect(tables.table("1/a") == 0 && tables.table("b") == 1 && tables.table("c") == nil)
        tables.drop(1)
        tables.drop(1)
        #expect(tables.shed.map(\.table) == ["a", "b"] && tables.shed.map(\.count) == [0, 2])
    }
}
