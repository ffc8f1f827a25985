import NIOCore
import RembusTransport
import RembusWire
import Testing

@testable import Rembus

@Suite(.timeLimit(.minutes(5)))
struct PublishTests {
    /// Vectors V4…V7 and V10 of protocol.md §14.1.
    @Test func framesAreThoseOfTheSpecification() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        func frame() async throws -> String {
            guard case .binary(let bytes) = try await peer.nextFrame() else { return "" }
            return bytes.readableBytesView.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }
                .joined()
        }
        try await component.publish("tick")
        #expect(try await frame() == "8301647469636b80")
        try await component.publish("yard/pump7/flow", 12.5, "lpm")
        #expect(try await frame() == "83016f796172642f70756d70372f666c6f7782fb4029000000000000636c706d")
        try await component.publish("yard/pump7/flow", ["rate": 3, "ok": true])
        #expect(try await frame() == "83016f796172642f70756d70372f666c6f7781a2647261746503626f6bf5")
        try await component.publish("t", .null)
        #expect(try await frame() == "8301617481f6")
        try await component.publish("tick", 1, slot: 1_700_000_100)
        #expect(try await frame() == "8418414864f1536500000000647469636b8101")
        await component.close()
    }

    struct Reading: Codable, Sendable, Equatable {
        var temperature: Double
        var pressure: Int
    }

    @Test func anythingEncodableIsPublished() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let (count, names) = (3, ["a", "b"])
        try await component.publish("t", Reading(temperature: 21.6, pressure: 980), count, names)
        #expect(
            try await peer.nextPublish().arguments == [["temperature": 21.6, "pressure": 980], 3, ["a", "b"]])
        await component.close()
    }

    @Test func literalsKeepTheirKind() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        try await component.publish("t", ["temperature": 21.6, "pressure": 980, "ok": true, "tags": ["x", 1]])
        let arguments = try await peer.nextPublish().arguments
        #expect(arguments == [["temperature": .float(21.6), "pressure": .integer(980), "ok": true, "tags": ["x", 1]]])
        await component.close()
    }

    @Test func burstsKeepTheirOrder() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        for index in 0..<2000 { try await component.publish("t", index) }
        for index in 0..<2000 { #expect(try await peer.nextPublish().arguments == [.integer(Int64(index))]) }
        await component.close()
    }

    @Test func largeMessagesArriveWhole() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let payload = ByteBuffer(repeating: 7, count: 3 << 20)
        try await component.publish("t", .bytes(payload))
        #expect(try await peer.nextPublish().arguments == [.bytes(payload)])
        await component.close()
    }

    @Test func messagesPublishedBeforeCloseStillGoOut() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        for index in 0..<100 { try await component.publish("t", index) }
        await component.close()
        for index in 0..<100 { #expect(try await peer.nextPublish().arguments == [.integer(Int64(index))]) }
        #expect(try await peer.closed().code == 1000)
    }

    @Test func ownTopicsHaveTheNameInFront() async throws {
        let (_, peer, component) = try await FakeBroker.connected("pump7")
        try await component.put("flow", 1)
        #expect(try await peer.nextPublish().topic == "pump7/flow")
        await component.close()
    }

    @Test func withoutConnectionQoS0IsAnError() async throws {
        let (broker, peer, component) = try await FakeBroker.connected()
        await broker.stop()
        peer.drop()
        for await state in component.stateUpdates { if case .reconnecting = state { break } }
        let error = await #expect(throws: RembusError.self) { try await component.publish("t") }
        #expect(error?.code == .notConnected)
        await component.close()
        let closed = await #expect(throws: RembusError.self) { try await component.publish("t") }
        #expect(closed?.code == .closed)
    }

    @Test func jsonIsTextWithBothTypeKeys() async throws {
        let (_, peer, component) = try await FakeBroker.connected(configuration: .test { $0.encoding = .json })
        try await component.publish("tick", 1, "a")
        guard case .text(let text) = try await peer.nextFrame() else { return #expect(Bool(false), "not a text frame") }
        let object = try Value(jsonText: text)
        #expect(object["method"] == "tick")
        #expect(object["params"] == [1, "a"])
        let error = await #expect(throws: RembusError.self) { try await component.publish("tick", 1, slot: 5) }
        #expect(error?.code == .unsupported)
        await component.close()
    }

    @Test func unencodableArgumentsAreAnError() async throws {
        struct Broken: Encodable {
            func encode(to encoder: any Encoder) throws {
                throw EncodingError.invalidValue(1, .init(codingPath: [], debugDescription: "no"))
            }
        }
        let (_, _, component) = try await FakeBroker.connected()
        let error = await #expect(throws: RembusError.self) { try await component.publish("t", Broken()) }
        #expect(error?.code == .encoding)
        await component.close()
    }
}
