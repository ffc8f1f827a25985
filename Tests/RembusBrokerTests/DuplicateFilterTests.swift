import NIOCore
@testable import RembusBroker
import RembusWire
import Testing

@Suite struct DuplicateFilterTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test func aCopyIsRecognisedUntilItIsConfirmed() {
        var filter = DuplicateFilter(limit: 10)
        let id = MessageID(littleEndian: 7)
        let first = filter.insert(id, now: start)
        let copy = filter.insert(id, now: start)
        filter.remove(id)
        let again = filter.insert(id, now: start + .seconds(1))
        #expect(first && !copy && again)
    }

    @Test func idsExpire() {
        var filter = DuplicateFilter(limit: 10)
        let id = MessageID(littleEndian: 7)
        let first = filter.insert(id, now: start)
        let early = filter.insert(id, now: start + .minutes(9))
        let late = filter.insert(id, now: start + .minutes(20))
        #expect(first && !early && late)
    }

    @Test func theTableIsBoundedAndForgetsTheOldest() {
        var filter = DuplicateFilter(limit: 100)
        for number in 1...1000 as ClosedRange<UInt64> { _ = filter.insert(MessageID(littleEndian: number), now: start) }
        let newest = filter.insert(MessageID(littleEndian: 1000), now: start)
        let oldest = filter.insert(MessageID(littleEndian: 1), now: start)
        #expect(!newest && oldest)
    }

    /// Confirmed ids leave nothing behind, so a long-lived publisher costs no memory.
    @Test func confirmedIDsLeaveNothing() {
        var filter = DuplicateFilter(limit: 1000)
        for number in 1...100_000 as ClosedRange<UInt64> {
            let id = MessageID(littleEndian: number)
            let isNew = filter.insert(id, now: start + .nanoseconds(Int64(number)))
            #expect(isNew)
            filter.remove(id)
        }
        #expect(filter.isEmpty)
    }
}
