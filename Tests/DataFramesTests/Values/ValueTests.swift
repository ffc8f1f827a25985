import Testing

@testable import DataFrames

@Suite("Values")
struct ValueTests {
    @Test("Days of the calendar") func dates() {
        let days: [(Int32, String)] = [
            (0, "1970-01-01"), (-1, "1969-12-31"), (11_016, "2000-02-29"), (11_017, "2000-03-01"),
            (20_779, "2026-11-22"),
            (-719_162, "0001-01-01"), (-719_163, "0000-12-31"), (2_932_896, "9999-12-31"), (-719_529, "-0001-12-31"),
        ]
        for (number, text) in days {
            let date = CalendarDate(daysSinceEpoch: number)
            #expect(date.description == text)
            let (year, month, day) = date.components
            #expect(CalendarDate(year: year, month: month, day: day) == date)
        }
        #expect(CalendarDate(year: 2023, month: 2, day: 29) == nil)
        #expect(CalendarDate(year: 2023, month: 13, day: 1) == nil)
        for extreme in [Int32.min, .max] {
            let (year, month, day) = CalendarDate(daysSinceEpoch: extreme).components
            #expect(CalendarDate(year: year, month: month, day: day)?.daysSinceEpoch ?? extreme == extreme)
        }
    }

    @Test("Times") func times() {
        #expect(Timestamp(1_795_383_000_500, .millisecond).description == "2026-11-22 21:30:00.5")
        #expect(Timestamp(-1, .nanosecond, timeZone: "UTC").description == "1969-12-31 23:59:59.999999999Z")
        #expect(Timestamp(.min, .second).nanoseconds == nil)
        for unit in TimeUnit.allCases {
            for value in [Int64.min, .max] {
                // Whatever a column has can be shown.
                _ =
                    Timestamp(value, unit).description + TimeOfDay(value, unit).description
                    + TimeSpan(value, unit).description
                _ = TimeSpan(value, unit).duration
            }
        }
        #expect(TimeSpan(1500, .millisecond).duration == .milliseconds(1500))
        #expect(TimeSpan(-1500, .millisecond).duration == .milliseconds(-1500))
        #expect(CalendarInterval(months: 1, days: -2, nanoseconds: 3).description == "1mo -2d 3ns")
    }

    @Test("Decimals") func decimals() {
        for text in [
            "0", "-1.50", "0.01", "-0.01", "340282366920938463463374607431768211455",
            "-340282366920938463463374607431768211456.5",
        ] {
            #expect(DecimalNumber(text)?.description == text)
        }
        let long = String(repeating: "9", count: 76)
        #expect(DecimalNumber(long)?.description == long)
        #expect(DecimalNumber("-" + long)?.description == "-" + long)
        for text in ["", "-", ".", "1.2.3", "1e5", "+-1", String(repeating: "9", count: 90)] {
            #expect(DecimalNumber(text) == nil)
        }
        #expect(DecimalNumber(15, scale: -2).description == "1500")
        #expect(DecimalNumber(15, scale: 1).rescaled(to: 3) == DecimalNumber(1500, scale: 3))
        #expect(DecimalNumber(15, scale: 1).rescaled(to: 0) == nil)
        #expect(DecimalNumber(-150, scale: 2).doubleValue == -1.5)
        #expect(DecimalNumber(Int128.min, scale: 0).description == "-170141183460469231731687303715884105728")
    }

    @Test("Half floats, all of them") func halves() {
        for bits in UInt16.min...UInt16.max {
            let value = HalfFloat.float(bits)
            if value.isNaN {
                #expect(HalfFloat.float(HalfFloat.bits(value)).isNaN)
            } else if HalfFloat.bits(value) != bits {
                Issue.record("\(bits)")
            }
        }
        #expect(HalfFloat.bits(65_519) == HalfFloat.bits(65_504))
        #expect(HalfFloat.float(HalfFloat.bits(65_520)) == .infinity)
        #expect(HalfFloat.float(HalfFloat.bits(1e-8)) == 0)
    }

    @Test("Bitmaps are cut at any bit") func bitmaps() {
        var random = SplitMix(seed: 2)
        for count in [0, 1, 7, 8, 9, 63, 64, 65, 200] {
            let bits = (0..<count).map { _ in random.below(2) == 0 }
            var builder = BitmapBuilder()
            for bit in bits { builder.append(bit) }
            let buffer = builder.finish()
            for _ in 0..<20 {
                let start = random.below(count + 1)
                let length = random.below(count - start + 1)
                let slice = Bitmap.slice(buffer, from: start, count: length)
                #expect(slice.count == (length + 7) / 8)
                #expect((0..<length).map { slice.bit($0) } == Array(bits[start..<start + length]))
                #expect(
                    Bitmap.setBits(in: buffer, from: start, count: length)
                        == bits[start..<start + length].filter { $0 }.count)
            }
        }
    }
}
