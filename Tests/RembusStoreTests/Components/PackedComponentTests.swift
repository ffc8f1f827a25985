import NIOCore
import RembusWire
import Testing

@testable import RembusStore

@Suite struct PackedComponentTests {
    private var record: ComponentRecord {
        var record = ComponentRecord(
            name: "pump7", subscriptions: [.init(topic: "a/**", messageFrom: .infinity, marks: [1, .max], owed: [3])],
            exposed: ["add", "sub"], host: "192.0.2.1")
        (record.lastSeen, record.isProven, record.hasReturned, record.user) = (1_764_500_000, true, true, "plant")
        return record
    }

    private func bytes(_ record: ComponentRecord) -> ByteBuffer {
        var bytes = ByteBuffer()
        record.value.encodeCBOR(into: &bytes)
        return bytes
    }

    @Test func theHeadIsReadWithoutTheSubscriptions() throws {
        let packed = try #require(PackedComponent(cbor: bytes(record)))
        var head = record
        head.subscriptions = []
        #expect(packed.head == head)
        #expect(packed.hasSubscriptions)
        #expect(packed.record == record)
        #expect(PackedComponent(record).record == record)
    }

    @Test func aComponentWithoutSubscriptionsHasNone() throws {
        let packed = try #require(PackedComponent(cbor: bytes(ComponentRecord(name: "p", exposed: ["add"]))))
        #expect(!packed.hasSubscriptions && !packed.isEmpty)
        #expect(PackedComponent(ComponentRecord(name: "p")).isEmpty)
    }

    /// What earlier versions wrote: nothing of when the component was there, and whether it was proven.
    @Test func recordsOfEarlierVersionsAreRead() throws {
        let value: Value = ["n": "old", "h": "::1", "e": [], "s": [["a", 0.0, [1], []]]]
        var bytes = ByteBuffer()
        value.encodeCBOR(into: &bytes)
        let packed = try #require(PackedComponent(cbor: bytes))
        #expect(packed.head == ComponentRecord(name: "old", host: "::1"))
        #expect(packed.record?.subscriptions == [.init(topic: "a", messageFrom: 0, marks: [1])])
    }

    @Test func anythingElseIsNone() {
        var whole = bytes(record)
        while whole.readableBytes > 0 {
            whole.moveWriterIndex(to: whole.writerIndex - 1)
            // A cut behind the head is found when the component comes back.
            if let packed = PackedComponent(cbor: whole) { #expect(packed.record == nil) }
        }
        for other: Value in [.null, [], [:], ["n": "", "e": [], "s": []], ["e": [], "s": []], ["n": "x", "s": 1]] {
            var bytes = ByteBuffer()
            other.encodeCBOR(into: &bytes)
            #expect(PackedComponent(cbor: bytes) == nil)
        }
    }
}
