import NIOCore
import RembusWire
import Testing

@testable import RembusTables

@Suite struct MessageBatchTests {
    private func append(
        _ batch: MessageBatch, _ hex: String, at time: UInt64, publisher: String? = nil, tenant: String? = nil
    ) -> Bool {
        Sample.bytes(hex: hex).withUnsafeBytes {
            batch.append(receivedAt: time, message: $0, publisher: publisher, tenant: tenant)
        }
    }

    private func row(_ batch: MessageBatch, _ row: Int) -> String {
        let types: [ColumnType] = [.ubigint, .uinteger, .utinyint, .ubigint, .varchar, .blob]
        return zip(batch.columns, types).map { Sample.text($0, row, $1) ?? "-" }.joined(separator: "|")
    }

    /// Messages of protocol.md's vectors.
    @Test func keepsWhatTheTableHas() {
        let batch = MessageBatch()
        #expect(append(batch, "8300647469636b80", at: 1) == false)
        #expect(append(batch, "8301647469636b80", at: 1))
        #expect(append(batch, "8418414864f1536500000000647469636b8101", at: 2))
        #expect(append(batch, "8418714864f15365a4a3a2a1647469636b8101", at: 3, publisher: "pump"))
        #expect(append(batch, "8411480102030405060708647469636b83010203", at: 4, tenant: "acme"))
        #expect(append(batch, "8411500102030405060708090a0b0c0d0e0f10647469636b80", at: 5, tenant: "."))
        #expect(batch.rowCount == 5)
        #expect(row(batch, 0) == "1|-|0|-|tick|80")
        #expect(row(batch, 1) == "2|1700000100|64|1700000100|tick|8101")
        #expect(row(batch, 2) == "3|1700000100|112|11647051512803488100|tick|8101")
        #expect(row(batch, 3) == "4|-|16|578437695752307201|tick|83010203")
        #expect(row(batch, 4) == "5|-|16|-|tick|80")
        #expect(batch.sourceCount == 2)
        #expect(batch.sourceReceivedAt.value(0, as: UInt64.self) == 3)
        #expect(Sample.text(batch.sourcePublishers, 0, .varchar) == "pump")
        #expect(Sample.text(batch.sourceTenants, 0, .varchar) == ".")
        #expect(Sample.text(batch.sourcePublishers, 1, .varchar) == nil)
        #expect(Sample.text(batch.sourceTenants, 1, .varchar) == "acme")
        #expect(batch.byteCount > 0)
        batch.reset()
        #expect(batch.rowCount == 0)
        #expect(batch.sourceCount == 0)
    }
}
