import Testing

@testable import RembusTables

@Suite struct RecordPatternTests {
    private static let day: UInt64 = 86_400_000_000_000

    @Test func readsPatternsWithLimits() throws {
        #expect(try RecordPattern(parsing: "plant/**").retention == Retention())
        #expect(try RecordPattern(parsing: "all,age=7d").retention == Retention(maxAge: 7 * Self.day))
        #expect(
            try RecordPattern(parsing: "a/*, age = 1.5h , size=100MB").retention
                == Retention(maxAge: Self.day / 16, maxBytes: 100_000_000))
        #expect(try RecordPattern(parsing: "a,size=2GiB").retention.maxBytes == 2 << 30)
        #expect(try RecordPattern(parsing: "a,size=4096").retention.maxBytes == 4096)
        #expect(try RecordPattern(parsing: "none").topics == .none)
    }

    @Test(arguments: [
        ("", "has no topic; write PATTERN, all or none"),
        (",age=7d", "has no topic; write PATTERN, all or none"),
        ("a,age=7", #"has the age "7"; write a number with s, m, h, d or w, like 7d"#),
        ("a,age=", #"has the age ""; write a number with s, m, h, d or w, like 7d"#),
        ("a,age=0d", #"has the age "0d"; write a number with s, m, h, d or w, like 7d"#),
        ("a,age=-1d", #"has the age "-1d"; write a number with s, m, h, d or w, like 7d"#),
        ("a,age=1d,age=2d", "has two ages"),
        ("a,size=1GB,size=1", "has two sizes"),
        ("a,size=big", #"has the size "big"; write a number with kB, MB, GB, KiB, MiB or GiB, like 100MB"#),
        ("a,ages=1d", #"has "ages=1d"; behind the pattern only age=… and size=… may follow"#),
        ("a,b", #"has "b"; behind the pattern only age=… and size=… may follow"#),
        ("none,age=1d", "keeps nothing, so that it has neither age nor size"),
        ("a,age=1e30d", #"has the age "1e30d"; write a number with s, m, h, d or w, like 7d"#),
        (
            "a,age=99999999999999999999d",
            #"has the age "99999999999999999999d"; write a number with s, m, h, d or w, like 7d"#
        ),
    ])
    func saysWhatIsWrong(text: String, problem: String) {
        #expect {
            try RecordPattern(parsing: text)
        } throws: { error in
            "\(error)" == "The record pattern \"\(text)\" \(problem)."
        }
    }

    @Test func decidesByTheFirstThatMatches() throws {
        let policy = RecordPolicy(
            try ["plant/**,age=1d", "**/alarm", "plant/x,age=2d"].map(RecordPattern.init(parsing:)))
        #expect(policy.retention(of: "plant/x") == Retention(maxAge: Self.day))
        #expect(policy.isRecorded("site/alarm"))
        #expect(!policy.isRecorded("site/debug"))
        #expect(!policy.recordsNothing)
    }

    @Test func keepsEverythingUnlessTold() throws {
        #expect(RecordPolicy().isRecorded("anything@all"))
        #expect(RecordPolicy([try RecordPattern(parsing: "all")]).isRecorded("any@thing"))
        #expect(!RecordPolicy([try RecordPattern(parsing: "none")]).isRecorded("x"))
        #expect(RecordPolicy([try RecordPattern(parsing: "none")]).recordsNothing)
        // What follows `none` is never reached, what stands before counts.
        let policy = RecordPolicy(try ["a", "none", "all"].map(RecordPattern.init(parsing:)))
        #expect(policy.isRecorded("a"))
        #expect(!policy.isRecorded("b"))
    }

    @Test(arguments: [[], ["all"], ["**"], ["*/*", "all,age=7d"]])
    func loadTestsAreKeptOnlyByName(patterns: [String]) throws {
        let policy = RecordPolicy(try patterns.map(RecordPattern.init(parsing:)))
        #expect(!policy.isRecorded("@bench/1"))
        #expect(policy.isRecorded("bench/1"))
        #expect(RecordPolicy(try (["@bench/**"] + patterns).map(RecordPattern.init(parsing:))).isRecorded("@bench/1"))
    }
}
