import RembusTrust
import Testing

@Suite struct AttemptLimiterTests {
    private let start = ContinuousClock.now

    @Test func aBucketEmptiesAndFillsUp() {
        var limiter = AttemptLimiter(attempts: 5, per: .seconds(60), capacity: 100)
        let tries = (0..<8).map { _ in limiter.allows("10.0.0.1", now: start) }
        #expect(tries == [true, true, true, true, true, false, false, false])
        let isAllowed = [("10.0.0.2", 0), ("10.0.0.1", 11), ("10.0.0.1", 13), ("10.0.0.1", 13)].map { address, time in
            limiter.allows(address, now: start + .seconds(time))
        }
        #expect(isAllowed == [true, false, true, false])
        let later = (0..<6).map { _ in limiter.allows("10.0.0.1", now: start + .seconds(300)) }
        #expect(later == [true, true, true, true, true, false])
    }

    @Test("over a long time no address gets more than its rate")
    func rate() {
        var limiter = AttemptLimiter(attempts: 5, per: .seconds(60), capacity: 100)
        let allowed = (0..<3600).count { limiter.allows("10.0.0.1", now: start + .seconds($0)) }
        #expect((290...306).contains(allowed), "\(allowed)")
    }

    @Test(arguments: [
        ("2001:db8::1", "2001:db8::ffff:2", true), ("2001:db8::1", "2001:db8:0:1::1", false),
        ("::ffff:10.0.0.1", "10.0.0.1", true), ("10.0.0.1:5000", "10.0.0.1:6000", true),
        ("[2001:db8::1]:5000", "2001:db8::9", true), ("fe80::1%eth0", "fe80::2", true), ("10.0.0.1", "10.0.0.2", false),
        ("", "10.0.0.1", false), ("no address", "no address", true), ("::1", "::ffff:0.0.0.1", false),
    ])
    func addresses(one: String, other: String, areOne: Bool) {
        var limiter = AttemptLimiter(attempts: 1, per: .seconds(60), capacity: 100)
        let isAllowed = [one, other].map { limiter.allows($0, now: start) }
        #expect(isAllowed == [true, !areOne])
    }

    @Test func aFullTableHasOneBucketForAllOthers() {
        var limiter = AttemptLimiter(attempts: 2, per: .seconds(60), capacity: 10)
        let first = (0..<10).count { limiter.allows("10.0.0.\($0)", now: start) }
        #expect(first == 10)
        let others = (0..<1000).count { limiter.allows("10.1.\($0 / 250).\($0 % 250)", now: start) }
        #expect(others == 2)
        // Those in the table keep their own.
        let own = (0..<2).map { _ in limiter.allows("10.0.0.3", now: start) }
        #expect(own == [true, false])
        // Room again, when nobody in the table tried for two periods at most.
        let isRefilled = limiter.allows("10.1.0.1", now: start + .seconds(61))
        #expect(isRefilled)
        let later = (0..<5).count { limiter.allows("10.2.0.\($0)", now: start + .seconds(181)) }
        #expect(later == 5)
    }

    @Test func noAttempts() {
        var limiter = AttemptLimiter(attempts: 0, per: .seconds(60), capacity: 10)
        let isAllowed = limiter.allows("10.0.0.1", now: start)
        #expect(!isAllowed)
    }

    @Test("a flood of addresses costs little", .timeLimit(.minutes(5)))
    func flood() {
        var limiter = AttemptLimiter(attempts: 5, per: .seconds(60), capacity: 1000)
        var allowed = 0
        for number in 0..<50_000
        where limiter.allows("10.\(number >> 16).\(number >> 8 & 255).\(number & 255)", now: start) {
            allowed += 1
        }
        #expect(allowed == 1005)
    }
}
