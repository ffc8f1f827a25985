import Testing

@testable import RembusLake

/// When batches are written: at once while there is little to do, once per interval when much comes.
@Suite struct WriteScheduleTests {
    private let start = ContinuousClock.now

    @Test("an idle writer begins at once, and rests in proportion to its work")
    func idle() {
        var schedule = WriteSchedule(interval: .seconds(1), now: start)
        #expect(schedule.due(isAwaited: false, now: start) == start)
        schedule.wrote(in: .milliseconds(10), now: start)
        #expect(schedule.due(isAwaited: false, now: start) == start + .milliseconds(30))
        schedule.wrote(in: .milliseconds(1), now: start)
        #expect(schedule.due(isAwaited: false, now: start) == start + .milliseconds(20))
        schedule.wrote(in: .seconds(12), now: start)
        #expect(schedule.due(isAwaited: false, now: start) == start + .seconds(1))
    }

    @Test("a steady stream gets one batch per interval in the long run")
    func stream() {
        var schedule = WriteSchedule(interval: .seconds(1), now: start)
        var now = start
        var batches = 0
        while now < start + .seconds(600) {
            now = max(now + .milliseconds(5), schedule.due(isAwaited: false, now: now))
            schedule.wrote(in: .milliseconds(5), now: now)
            batches += 1
        }
        #expect((600...710).contains(batches))
        // A pause brings the credits back.
        now += .seconds(200)
        #expect(schedule.due(isAwaited: false, now: now) <= now)
    }

    @Test("whoever waits is served at once, whatever the interval; others keep to a long one")
    func awaited() {
        var schedule = WriteSchedule(interval: .seconds(3600), now: start)
        schedule.wrote(in: .milliseconds(10), now: start)
        #expect(schedule.due(isAwaited: false, now: start) == start + .seconds(3600))
        #expect(schedule.due(isAwaited: true, now: start) == start + .milliseconds(10))
    }
}
