import Testing

@testable import RembusMQTTServer

@Suite struct PacketWindowTests {
    @Test func identifiersAreDifferentWhileTheyAreOpen() {
        var window = PacketWindow()
        var seen: Set<UInt16> = []
        for delivery in 1...5000 {
            guard let number = window.open(UInt64(delivery), delivery % 2 == 0 ? .exactlyOnce : .atLeastOnce) else {
                Issue.record("no identifier for delivery \(delivery)")
                return
            }
            #expect(number != 0)
            #expect(seen.insert(number).inserted)
        }
        #expect(window.count == 5000)
        #expect(Set(window.open.map(\.delivery)) == Set(1...5000))
    }

    @Test func anIdentifierIsClosedOnceAndInItsStateOnly() throws {
        var window = PacketWindow()
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
        var window = PacketWindow()
        let first = try #require(window.open(1, .exactlyOnce))
        for delivery in 2...200_000 {
            let number = try #require(window.open(UInt64(delivery), .atLeastOnce))
            #expect(number != first)
            #expect(window.close(number, .publishedOnce) == UInt64(delivery))
        }
        #expect(window.release(first) == 1)
    }

    @Test func thereIsAnEndToHowManyAreOpen() {
        var window = PacketWindow()
        var count = 0
        while window.open(UInt64(count), .atLeastOnce) != nil { count += 1 }
        #expect(count == 32_768)
    }

    @Test func whatTheBrokerDoesNotOweIsDropped() throws {
        var window = PacketWindow()
        let kept = try #require(window.open(1, .atLeastOnce))
        let dropped = try #require(window.open(2, .exactlyOnce))
        let released = try #require(window.open(3, .exactlyOnce))
        _ = window.release(released)
        window.dropPublished { $0 == 1 }
        #expect(window.state(kept) == .publishedOnce)
        #expect(window.state(dropped) == .free)
        #expect(window.state(released) == .released)
        #expect(window.count == 2)
    }
}
