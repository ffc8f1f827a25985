import RembusMQTT
import Testing

@testable import RembusMQTTServer

/// The window as an object, so that checks can call what changes it.
private final class Window {
    private var window = PacketWindow()

    var count: Int { window.count }
    var releasedCount: Int { window.releasedCount }
    var open: [PacketWindow.Slot] { window.open }
    func open(_ delivery: UInt64, _ qos: MQTTQoS) -> UInt16? { window.open(delivery, qos) }
    func close(_ number: UInt16, _ state: PacketWindow.State) -> UInt64? { window.close(number, state) }
    func release(_ number: UInt16) -> UInt64? { window.release(number) }
    func state(_ number: UInt16) -> PacketWindow.State { window.state(number) }
    func dropPublished(unless isStillOwed: (UInt64) -> Bool) -> [UInt16] { window.dropPublished(unless: isStillOwed) }
}

@Suite struct PacketWindowTests {
    @Test func identifiersAreDifferentWhileTheyAreOpen() {
        let window = Window()
        var seen: Set<UInt16> = []
        for delivery in 1...5000 {
            guard let number = window.open(UInt64(delivery), delivery % 2 == 0 ? .exactlyOnce : .atLeastOnce) else {
                Issue.record("no identifier for delivery \(delivery)")
                return
            }
            #expect(number != 0)
            let isNew = seen.insert(number).inserted
            #expect(isNew)
        }
        #expect(window.count == 5000)
        #expect(Set(window.open.map(\.delivery)) == Set(1...5000))
    }

    @Test func anIdentifierIsClosedOnceAndInItsStateOnly() throws {
        let window = Window()
        let once = try #require(window.open(7, .atLeastOnce))
        let exactly = try #require(window.open(8, .exactlyOnce))
        #expect(window.close(once, .published) == nil)
        #expect(window.close(once, .publishedOnce) == 7)
        #expect(window.close(once, .publishedOnce) == nil)
        #expect(window.close(exactly, .released) == nil)
        #expect(window.release(exactly) == 8)
        #expect(window.release(exactly) == nil)
        #expect((window.count, window.releasedCount) == (1, 1))
        #expect(window.state(exactly) == .released)
        #expect(window.close(exactly, .released) == 8)
        #expect((window.count, window.releasedCount) == (0, 0))
        #expect(window.state(exactly) == .free)
    }

    @Test func identifiersGoRoundAndStayApartFromThoseThatStayOpen() throws {
        let window = Window()
        let first = try #require(window.open(1, .exactlyOnce))
        for delivery in 2...200_000 {
            let number = try #require(window.open(UInt64(delivery), .atLeastOnce))
            #expect(number != first)
            #expect(window.close(number, .publishedOnce) == UInt64(delivery))
        }
        #expect(window.release(first) == 1)
    }

    @Test func thereIsAnEndToHowManyAreOpen() {
        let window = Window()
        var count = 0
        while window.open(UInt64(count), .atLeastOnce) != nil { count += 1 }
        #expect(count == 32_768)
    }

    @Test func whatTheBrokerDoesNotOweIsDroppedUnlessTheClientMayKeepItsIdentifier() throws {
        let window = Window()
        let kept = try #require(window.open(1, .atLeastOnce))
        let dropped = try #require(window.open(4, .atLeastOnce))
        let uncertain = try #require(window.open(2, .exactlyOnce))
        let released = try #require(window.open(3, .exactlyOnce))
        _ = window.release(released)
        let found = window.dropPublished { $0 == 1 }
        #expect(found == [uncertain])
        #expect(window.state(kept) == .publishedOnce)
        #expect(window.state(dropped) == .free)
        #expect(window.state(uncertain) == .published)
        #expect(window.state(released) == .released)
        #expect(window.count == 3)
    }
}
