import Foundation
import NIOCore
import RembusWire
import Testing

@testable import Rembus

struct DuplicateTableTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private func id(_ number: UInt64) -> MessageID { MessageID(littleEndian: number) }

    @Test func entriesExpire() {
        var table = DuplicateTable(lifetime: .minutes(10))
        table.insert(id(1), now: start)
        #expect(table.contains(id(1), now: start + .minutes(9)))
        #expect(!table.contains(id(1), now: start + .minutes(10)))
        table.insert(id(2), now: start + .minutes(11))
        #expect(table.count == 1)
    }

    @Test func oldestGoesWhenFull() {
        var table = DuplicateTable(capacity: 3)
        for number in UInt64(1)...4 { table.insert(id(number), now: start + .seconds(Int64(number))) }
        #expect(table.count == 3)
        #expect(!table.contains(id(1), now: start + .seconds(5)))
        #expect(table.contains(id(4), now: start + .seconds(5)))
    }

    @Test func confirmedIDsLeaveAndMayReturn() {
        var table = DuplicateTable(capacity: 2)
        table.insert(id(1), now: start)
        table.remove(id(1))
        #expect(!table.contains(id(1), now: start))
        table.insert(id(1), now: start + .seconds(1))
        table.insert(id(2), now: start + .seconds(2))
        #expect(table.contains(id(1), now: start + .seconds(3)))
        #expect(table.count == 2)
    }

    @Test func confirmationsKeepItSmall() {
        var table = DuplicateTable(capacity: 4)
        for number in UInt64(1)...10_000 {
            table.insert(id(number), now: start)
            table.remove(id(number))
        }
        #expect(table.count == 0)
    }
}

struct ReconnectPolicyTests {
    @Test func delaysGrowWithinTheirBounds() {
        let policy = ReconnectPolicy()
        for attempt in 1...100 {
            let high = min(30, 0.5 * Double(1 << min(attempt, 30)))
            for _ in 0..<20 {
                let delay = policy.delay(attempt: attempt).seconds
                #expect(delay >= 0.5 && delay <= high)
            }
        }
    }

    @Test func oddBoundsAreTolerated() {
        #expect(ReconnectPolicy(minimumDelay: .zero, maximumDelay: .zero).delay(attempt: 1) == .zero)
        #expect(ReconnectPolicy(minimumDelay: .seconds(-1), maximumDelay: .seconds(-5)).delay(attempt: 3) == .zero)
        let policy = ReconnectPolicy(minimumDelay: .seconds(5), maximumDelay: .seconds(1))
        #expect(policy.delay(attempt: 2) == .seconds(5))
    }
}

struct ErrorTests {
    @Test func errorsAreSentencesWithACode() {
        let error = RembusError(.timeout, "The call of `m` got no answer within 1.0 s.")
        #expect("\(error)" == "The call of `m` got no answer within 1.0 s.")
        #expect(error.localizedDescription == "The call of `m` got no answer within 1.0 s.")
        #expect(RembusError(.status(.methodNotFound), "x.").code != .timeout)
    }
}
