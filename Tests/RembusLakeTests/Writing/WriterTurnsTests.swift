import RembusLake
import RembusStore
import RembusWire
import Testing

/// The one writer of the lake has several duties, and none of them keeps it from the others for ever.
@Suite struct WriterTurnsTests {
    @Test("components that come and go all the time do not stop the tables")
    func components() async throws {
        let fixture = try LakeFixture()
        defer { fixture.removeFolder() }
        let visitors = Task {
            var number = 0
            while !Task.isCancelled {
                number += 1
                let subscription = ComponentRecord.Subscription(topic: "a/\(number)", messageFrom: 0, marks: [])
                fixture.lake.project([
                    ComponentRecord(name: "visitor\(number % 20)", subscriptions: [subscription], host: "h")
                ])
                try await Task.sleep(for: .microseconds(200))
            }
        }
        defer { visitors.cancel() }
        for number in 0..<20 {
            fixture.journal.publish("x", [.integer(Int64(number))])
            try await Task.sleep(for: .milliseconds(20))
        }
        try await fixture.drain()
        #expect(try await fixture.rows("SELECT count(*) FROM message") == [[20]])
    }

    @Test("maintenance has its turn while the journal is always ahead")
    func maintenance() async throws {
        let fixture = try LakeFixture(isStarted: false) {
            $0.batchRows = 1
            $0.maintenance.isEnabled = true
            $0.maintenance.interval = .milliseconds(20)
        }
        defer { fixture.removeFolder() }
        for number in 0..<5000 { fixture.journal.publish("x", [.integer(Int64(number))]) }
        fixture.lake.start()
        let end = ContinuousClock.now + .seconds(120)
        while fixture.lake.metrics.maintenanceRounds == 0, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(fixture.journal.unarchivedBytes > 0)
        await fixture.lake.stop()
    }
}
