import RembusSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite struct CivilCalendarTests {
    @Test("days and dates are each other's inverse, and there are no other days")
    func inverse() {
        var expected = -800_000
        for year in -221...2500 {
            for month in 1...12 {
                let length = CivilCalendar.days(inMonth: month, of: year)
                #expect(CivilCalendar.day(year: year, month: month, day: length + 1) == nil)
                if year == -221, month == 1 { expected = CivilCalendar.day(year: year, month: 1, day: 1) ?? 0 }
                for day in 1...length {
                    let number = CivilCalendar.day(year: year, month: month, day: day)
                    if number != expected { Issue.record("\(year)-\(month)-\(day): \(number ?? 0), not \(expected)") }
                    let date = CivilCalendar.date(ofDay: expected)
                    if date != (year, month, day) { Issue.record("\(expected): \(date)") }
                    expected += 1
                }
            }
        }
        #expect(CivilCalendar.day(year: 1970, month: 1, day: 1) == 0)
        #expect(CivilCalendar.day(year: 2000, month: 2, day: 29) == 11_016)
        #expect(CivilCalendar.day(year: 1900, month: 2, day: 29) == nil)
        #expect(CivilCalendar.day(year: 2026, month: 0, day: 1) == nil)
        #expect(CivilCalendar.day(year: 2026, month: 13, day: 1) == nil)
        #expect(CivilCalendar.day(year: 2026, month: 1, day: 0) == nil)
    }
}

@Suite struct FileLockTests {
    @Test("an exclusive lock keeps others out, shared ones only exclusive ones, until the file is closed")
    func modes() throws {
        let path = "/tmp/rembus-file-lock-\(getpid())-\(UInt32.random(in: .min ... .max))"
        defer { unlink(path) }
        func descriptor() throws -> Int32 {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            try #require(descriptor >= 0)
            return descriptor
        }
        let (first, second) = (try descriptor(), try descriptor())
        #expect(FileLock.take(first) == .locked)
        #expect(FileLock.take(first) == .locked)
        #expect(FileLock.take(second) == .held)
        #expect(FileLock.take(second, .shared) == .held)
        #expect(FileLock.take(first, .shared) == .locked)
        #expect(FileLock.take(second, .shared) == .locked)
        #expect(FileLock.take(second) == .held)
        close(first)
        #expect(FileLock.wait(second) == .locked)
        close(second)
        #expect(FileLock.take(second) == .failed(EBADF))
    }
}

@Suite struct ClockTests {
    @Test("the wall clock is the time of day, and the other one does not go back")
    func clocks() {
        #expect(WallClock.nanoseconds() / 1_000_000_000 >= UInt64(time(nil)) - 1)
        var last = MonotonicClock.nanoseconds()
        for _ in 0..<1000 {
            let now = MonotonicClock.nanoseconds()
            #expect(now >= last)
            last = now
        }
    }
}

@Suite struct UTF8CheckTests {
    @Test("whatever the standard library takes for UTF-8 is, and nothing else, at every length and place")
    func pieces() {
        let pieces: [[UInt8]] = [
            [0x41], Array(repeating: 0x42, count: 40), Array(repeating: 0x43, count: 9), [0xC3, 0xA4],
            [0xE4, 0xB8, 0x96],
            [0xF0, 0x9F, 0x8C, 0x8D], [0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xE0, 0x9F, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF], [0xFF], [0xE4, 0xB8], [0xC3],
        ]
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0..<5, using: &generator)).flatMap { _ in
                pieces[Int.random(in: 0..<pieces.count, using: &generator)]
            }
            let (isValid, isASCII) = bytes.withUnsafeBytes { (UTF8Check.isValid($0), UTF8Check.isASCII($0)) }
            if isValid != (String(validating: bytes, as: UTF8.self) != nil) { Issue.record("\(bytes)") }
            if isASCII != bytes.allSatisfy({ $0 < 0x80 }) { Issue.record("\(bytes)") }
        }
    }
}
