import DataFrames
import RembusStore
import RembusWire
import Testing

@testable import RembusLake

/// A request sees what was accepted before it, or is told why not.
@Suite struct FreshnessTests {
    private static func rows(_ fixture: LakeFixture, _ arguments: ValueMap = [:]) async throws -> Int {
        let service = try #require(fixture.lake.services["query_telemetry"])
        let answer = try await service([.map(arguments)])
        guard case .tagged(Value.Tag.dataFrame, .bytes(let buffer)) = answer else { return -1 }
        return try DataFrame(arrow: buffer).rowCount
    }

    @Test("a query waits for what the journal has accepted")
    func waits() async throws {
        let fixture = try LakeFixture { $0.interval = .seconds(3600) }
        defer { fixture.removeFolder() }
        for number in 1...10 {
            fixture.journal.publish("a/telemetry", [["temperature": 1.0]])
            #expect(try await Self.rows(fixture) == number)
        }
        await fixture.lake.stop()
    }

    @Test("the option asks for what there is, without waiting")
    func behind() async throws {
        let fixture = try LakeFixture {
            $0.interval = .seconds(3600)
            $0.services.timeout = .seconds(100)
        }
        defer { fixture.removeFolder() }
        fixture.journal.publish("a/telemetry", [["temperature": 1.0]])
        #expect(try await Self.rows(fixture) == 1)
        fixture.journal.hold(true)
        fixture.journal.publish("a/telemetry", [["temperature": 2.0]])
        #expect(try await Self.rows(fixture, ["fresh": false]) == 1)
        fixture.journal.hold(false)
        #expect(try await Self.rows(fixture) == 2)
        await fixture.lake.stop()
        await #expect(throws: LakeError.self) { try await Self.rows(fixture) }
    }

    @Test("waiting ends when every partition has passed its mark, and not before")
    func marks() async throws {
        let progress = LakeProgress([10, 20])
        try await progress.wait(for: [10, 20], timeout: .seconds(60)) { Issue.record("nothing to wait for") }
        async let waiting: Void = progress.wait(for: [11, 21], timeout: .seconds(60)) {}
        while !progress.isAwaited { await Task.yield() }
        progress.pass([11, 0])
        #expect(progress.isAwaited)
        progress.pass([0, 22])
        try await waiting
        #expect(!progress.isAwaited)
        await #expect(throws: LakeError.behind) { try await progress.wait(for: [99, 0], timeout: .milliseconds(1)) {} }
        let refused = Task { try await progress.wait(for: [99, 0], timeout: .seconds(60)) {} }
        while !progress.isAwaited { await Task.yield() }
        progress.stop()
        await #expect(throws: LakeError.stopping) { try await refused.value }
    }
}
