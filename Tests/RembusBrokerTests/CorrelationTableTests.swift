@testable import RembusBroker
import Testing

/// A table behind a reference: the testing macros capture what they check as constants.
private final class Table<Element> {
    private var table: CorrelationTable<Element>

    init(limit: Int) {
        table = CorrelationTable(limit: limit)
    }

    var count: Int { table.count }
    var isFull: Bool { table.isFull }
    func insert(_ element: Element, slot: UInt32? = nil) -> UInt64? { table.insert(element, slot: slot) }
    func take(_ id: UInt64) -> Element? { table.take(id) }
    func forEach(_ body: (UInt64, inout Element) -> Void) { table.forEach(body) }
    func removeAll() -> [Element] { table.removeAll() }
}

@Suite struct CorrelationTableTests {
    @Test func anEntryIsTakenOnceByItsID() throws {
        let table = Table<String>(limit: 10)
        let first = try #require(table.insert("a"))
        let second = try #require(table.insert("b"))
        #expect(first != second)
        #expect(table.take(first) == "a")
        #expect(table.take(first) == nil)
        #expect(table.take(second) == "b")
        #expect(table.count == 0)
    }

    @Test func unknownIDsFindNothing() {
        let table = Table<Int>(limit: 10)
        _ = table.insert(1)
        for _ in 0..<10_000 { #expect(table.take(.random(in: (1 << 53)...(.max))) == nil) }
        #expect(table.count == 1)
    }

    @Test func theLimitHolds() {
        let table = Table<Int>(limit: 3)
        let ids = (0..<3).map { table.insert($0) }
        #expect(!ids.contains(nil))
        #expect(table.isFull)
        #expect(table.insert(4) == nil)
        _ = ids[0].map { table.take($0) }
        #expect(table.insert(5) != nil)
    }

    @Test func idsFitJSONAndAreNeverZeroOrRepeatedSoon() throws {
        let table = Table<Int>(limit: 100)
        var recent = Set<UInt64>()
        for round in 0..<5_000 {
            let id = try #require(table.insert(round))
            #expect(id > 0 && id < 1 << 53)
            #expect(recent.insert(id).inserted)
            #expect(table.take(id) == round)
        }
    }

    @Test func aSlotFillsTheLowHalf() throws {
        let table = Table<Int>(limit: 100)
        for _ in 0..<500 {
            let id = try #require(table.insert(1, slot: 1_700_000_100))
            #expect(UInt32(truncatingIfNeeded: id) == 1_700_000_100)
            #expect(id < 1 << 53)
            #expect(table.take(id) == 1)
        }
        let zero = try #require(table.insert(1, slot: 0))
        #expect(zero != 0)
    }

    @Test func everythingCanBeVisitedChangedAndRemoved() throws {
        let table = Table<Int>(limit: 1000)
        let ids = try (0..<300).map { try #require(table.insert($0)) }
        var seen: Set<UInt64> = []
        table.forEach { id, element in
            seen.insert(id)
            element += 1000
        }
        #expect(seen == Set(ids))
        #expect(table.take(ids[7]) == 1007)
        #expect(table.removeAll().count == 299)
        #expect(table.count == 0)
        #expect(table.take(ids[8]) == nil)
    }
}
