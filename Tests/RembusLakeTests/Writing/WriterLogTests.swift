import NIOCore
import RembusStore
import RembusTables
import RembusWire
import TestSupport
import Testing

@testable import RembusLake

/// What the writer says about publications that are not stored, or not all of them.
@Suite struct WriterLogTests {
    private let schema: StoreSchema
    private let batch: Batch
    private let recorder = LogRecorder()

    init() throws {
        let schema = try StoreSchema(json: ByteBuffer(string: LakeFixture.sensors), file: "schema.json")
        self.schema = schema
        batch = Batch(schema, matcher: TableMatcher(schema), recording: RetentionHorizon(RecordPolicy([]))) { _ in nil }
    }

    private func publish(_ arguments: [Value], time: UInt64) {
        var bytes = ByteBuffer()
        Message.publish(.init(topic: "u1/telemetry", arguments: arguments)).encodeCBOR(into: &bytes)
        bytes.withUnsafeReadableBytes {
            batch.append(RecordHeader(receivedAt: time, topicHash: 1, publisher: 0, tenant: 0), $0)
        }
    }

    @Test("a line says how many it speaks of and how many there were, and the last ones are not forgotten")
    func rejections() {
        let log = RejectionLog(schema, logger: recorder.logger)
        let start = ContinuousClock.now
        for second in 0..<5 {
            batch.reset()
            publish([["temperature": "warm"]], time: UInt64(second + 1))
            log.log(batch, now: start + .seconds(second))
        }
        #expect(recorder.lines.count == 1)
        log.logLate(now: start + .seconds(9))
        #expect(recorder.lines.count == 1)
        log.logLate(now: start + .seconds(11))
        log.logLate(now: start + .seconds(60))
        #expect(recorder.lines.count == 2)
        #expect(recorder.lines.first?.contains("count=1 ") == true)
        #expect(recorder.lines.first?.contains("since_start=1 ") == true)
        #expect(recorder.lines.last?.contains("count=4 ") == true)
        #expect(recorder.lines.last?.contains("since_start=5 ") == true)
        #expect(recorder.lines.last?.contains("topic=u1/telemetry") == true)
    }

    @Test("a message is rejected once, however often its batch is laid out")
    func once() {
        publish([["temperature": "warm"]], time: 1)
        batch.reject(message: 0, table: 1, RejectReason(.database, "again"))
        #expect(batch.rejections.counts.values.reduce(0, +) == 1)
        #expect(batch.rejections.kept.count == 1)
    }

    @Test("unknown fields are said when a name is new, and otherwise once an hour")
    func unknownFields() {
        let log = UnknownFieldLog(schema, logger: recorder.logger)
        let start = ContinuousClock.now
        func publish(_ field: Value, second: Int) {
            batch.reset()
            self.publish([["pressure": 1, field: 2]], time: UInt64(second + 1))
            log.log(batch, now: start + .seconds(second))
        }
        publish("temprature", second: 0)
        #expect(
            recorder.lines == [
                "publications have fields that are no columns of their table; those fields are not stored "
                    + "columns=dn, temperature, pressure count=1 fields=temprature (did you mean temperature?) "
                    + "table=telemetry topic=u1/telemetry"
            ])
        for second in 1..<60 { publish("temprature", second: second) }
        #expect(recorder.lines.count == 1)
        publish("humidity", second: 61)
        #expect(recorder.lines.count == 2)
        #expect(recorder.lines.last?.contains("count=60 ") == true)
        publish("humidity", second: 61 + 3600)
        #expect(recorder.lines.count == 3)
    }
}
