import DataFrames
import NIOCore
import RembusWire
import Testing

@testable import Rembus

@Suite(.timeLimit(.minutes(5)))
struct DataFrameTests {
    private func frame() throws -> DataFrame {
        try DataFrame(["dn": ["s1", "s2"], "temperature": [21.5, nil]])
    }

    // MARK: Calls

    @Test func resultsAreFrames() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let frame = try frame()
        async let result: DataFrame = component.call("query_sensor", ["where": "type='HVAC'"])
        let request = try await peer.nextRequest()
        #expect(request.arguments == [["where": "type='HVAC'"]])
        peer.answer(request, try .dataFrame(frame))
        #expect(try await result == frame)

        async let optional: DataFrame? = component.call("query_sensor")
        peer.answer(try await peer.nextRequest(), .null)
        #expect(try await optional == nil)

        async let value = component.callValue("query_sensor")
        peer.answer(try await peer.nextRequest(), try .dataFrame(frame))
        #expect(try await value.dataFrame == frame)
        await component.close()
    }

    @Test func whatIsNoFrameIsAnError() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let values: [(Value, String)] = [
            (1, "expected DataFrame but found an integer"), (.bytes(ByteBuffer(bytes: [1])), "found a byte string"),
            ([1], "row 0 is not an object"),
            (.tagged(80, .bytes(ByteBuffer(bytes: [1, 2, 3]))), "The result is no `DataFrame`"),
        ]
        for (value, message) in values {
            let call = Task { try await component.call("broken") as DataFrame }
            peer.answer(try await peer.nextRequest(), value)
            let error = await #expect(throws: RembusError.self) { try await call.value }
            #expect(error?.code == .decoding)
            #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        }
        await component.close()
    }

    @Test func argumentsAreFrames() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let frame = try frame()
        async let nothing = component.call("upsert_sensor", frame)
        let request = try await peer.nextRequest()
        #expect(try request.arguments.map { try DataFrame($0) } == [frame])
        guard case .tagged(80, .bytes) = request.arguments[0] else {
            Issue.record("the frame is no tag 80")
            return
        }
        peer.answer(request, .null)
        _ = try await nothing
        await component.close()
    }

    @Test func methodsTakeAndGiveFrames() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        async let exposed: Void = component.expose("first") { (frame: DataFrame, count: Int) in frame.head(count) }
        try await peer.nextCommand()
        try await exposed
        peer.send(.request(.init(id: .random(), topic: "first", arguments: [try .dataFrame(try frame()), 1])))
        #expect(try await peer.nextResponse().data.dataFrame == frame().head(1))
        peer.send(.request(.init(id: .random(), topic: "first", arguments: [1, 1])))
        #expect(try await peer.nextResponse().status == .methodException)
        await component.close()
    }

    // MARK: Publications

    @Test func publicationsCarryFrames() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let frame = try frame()
        try await component.publish("telemetry", frame)
        let publication = try await peer.nextPublish()
        #expect(publication.arguments.count == 1)
        #expect(publication.arguments[0].dataFrame == frame)

        let received = Mailbox<DataFrame>()
        async let subscribed: Void = component.subscribe("**/telemetry") { (_: String, frame: DataFrame) in
            received.put(frame)
        }
        try await peer.nextCommand()  // subscribe
        try await peer.nextCommand()  // reactive
        try await subscribed
        peer.publish("**/telemetry", "a/telemetry", try .dataFrame(frame))
        #expect(try await received.next() == frame)
        await component.close()
    }

    @Test func messagesDecodeFramesAndRows() async throws {
        struct Reading: Codable, Equatable { var dn: String; var temperature: Double? }
        let frame = try frame()
        var list = ArgumentList(.cbor)
        list.append(try .dataFrame(frame))
        let message = Publication(topic: "t", qos: .atMostOnce, slot: nil, list: list)
        #expect(try message.decode(DataFrame.self) == frame)
        let rows = try message.decode(DataFrame.self).decode(rows: Reading.self)
        #expect(rows == [Reading(dn: "s1", temperature: 21.5), Reading(dn: "s2", temperature: nil)])
    }

    /// The values stay in the memory that they were received in, if they are aligned there.
    @Test func decodingCopiesNothing() throws {
        let column = Column("n", Array(Int64(0)..<10_000))
        var bytes = ByteBuffer()
        // A head of five bytes and a tag of two: with one byte before, the stream begins at a multiple of eight.
        bytes.writeInteger(UInt8(0))
        try Value.dataFrame(DataFrame(columns: [column])).encodeCBOR(into: &bytes)
        bytes.moveReaderIndex(forwardBy: 1)
        let frame = try DataFrame(try Value.decode(cbor: &bytes, limits: .received))
        bytes.moveReaderIndex(to: 0)
        try bytes.withUnsafeReadableBytes { memory in
            try #require(frame["n"]).withUnsafeValues(as: Int64.self) { values in
                let start = UnsafeRawPointer(try #require(values.baseAddress))
                let first = try #require(memory.baseAddress)
                #expect(start >= first && start < first + memory.count)
            }
        }
    }

    // MARK: JSON

    @Test func framesAreRowsInJSON() async throws {
        let (_, peer, component) = try await FakeBroker.connected(configuration: .test { $0.encoding = .json })
        let frame = try frame()
        try await component.publish("telemetry", frame)
        guard case .text(let text) = try await peer.nextFrame() else {
            Issue.record("no text")
            return
        }
        let rows: Value = [["dn": "s1", "temperature": 21.5], ["dn": "s2", "temperature": .null]]
        #expect(try Value(jsonText: text)["params"] == [rows])

        async let result: DataFrame = component.call("query_sensor")
        let request = try await peer.nextRequest()
        peer.send(.response(.init(id: request.id, status: .ok, data: rows)), asText: true)
        #expect(try await result == frame)
        await component.close()
    }

    @Test func rowsOfEveryValueBecomeColumns() throws {
        let value: Value = [
            ["i": 1, "b": .bytes(ByteBuffer(bytes: [1])), "t": .tagged(1, 1.5), "m": ["x": 1]],
            ["i": .unsigned(.max), "l": [1, 2.5], "n": .negative(.max)],
        ]
        let frame = try DataFrame(value)
        #expect(frame.columnNames == ["i", "b", "t", "m", "l", "n"])
        #expect(frame["i"]?.cell(1) == .decimal(DecimalNumber(Int128(UInt64.max), scale: 0)))
        #expect(frame["n"]?.cell(1) == .decimal(DecimalNumber(-1 - Int128(UInt64.max), scale: 0)))
        #expect(frame["t"]?.cell(0) == .timestamp(Timestamp(1_500_000, .microsecond, timeZone: "UTC")))
        #expect(frame["b"]?.cell(0) == .bytes([1]))
        #expect(frame["l"]?.type == .list(of: .float64))
        #expect(frame["m"]?.cell(0) == ["x": 1])
    }

    @Test func bytesThatAreNoFrameStayBase64() {
        var buffer = ByteBuffer()
        Message.response(
            .init(id: MessageID(littleEndian: 1), status: .ok, data: .tagged(80, .bytes(ByteBuffer(bytes: [1, 2]))))
        ).encodeJSON(into: &buffer, dialect: JSONDialect(), frames: DataFrame.writeRows(ofArrow:into:))
        #expect(String(buffer: buffer).contains(#""data":"AQI=""#))
    }
}
