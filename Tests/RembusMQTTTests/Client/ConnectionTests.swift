import NIOCore
import NIOEmbedded
import Testing

@testable import RembusMQTT

/// One connection, with a server made of packets.
@Suite("MQTT client connection")
struct ConnectionTests {
    private final class Owner: MQTTClientDelegate {
        var events: [String] = []
        var receipts: [MQTTReceipt] = []

        func mqtt(_ connection: MQTTClientConnection, accepted facts: MQTTServerFacts) {
            events.append("accepted \(facts.version)")
        }
        func mqtt(_ connection: MQTTClientConnection, received publish: MQTTPublish, receipt: MQTTReceipt?) {
            events.append("received \(publish.topic)")
            receipt.map { receipts.append($0) }
        }
        func mqttReadCompleted(_ connection: MQTTClientConnection) {}
        func mqtt(_ connection: MQTTClientConnection, published outcome: MQTTClientSession.Outcome) {
            events.append("published \(outcome.token)")
        }
        func mqtt(_ connection: MQTTClientConnection, answered answer: MQTTClientSession.Answer) {
            events.append("answered \(answer.token) \(answer.reasons.count)")
        }
        func mqttAdvanced(_ connection: MQTTClientConnection) {}
        func mqtt(_ connection: MQTTClientConnection, ended failure: MQTTClientFailure) {
            events.append("ended \(failure.kind)")
        }
    }

    private let channel = EmbeddedChannel()
    private let owner = Owner()
    private let connection: MQTTClientConnection
    private let answer: EventLoopFuture<MQTTServerFacts>
    private let version: MQTTVersion

    init() throws {
        var options = MQTTClientOptions(clientID: "c")
        options.keepAlive = 10
        let promise = channel.eventLoop.makePromise(of: MQTTServerFacts.self)
        answer = promise.futureResult
        version = .v5
        connection = MQTTClientConnection(
            session: MQTTClientSession(), options: options, version: .v5, delegate: owner, answer: promise)
        try channel.pipeline.syncOperations.addHandler(connection)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1883)).wait()
    }

    private func receive(_ packets: MQTTPacket...) throws {
        var bytes = ByteBuffer()
        for packet in packets { packet.encode(version: version, into: &bytes) }
        try channel.writeInbound(bytes)
    }

    private func sent() throws -> [MQTTPacket] {
        var (reader, packets) = (MQTTPacketReader(maxPacketBytes: 1 << 20, version: version), [MQTTPacket]())
        while var bytes = try channel.readOutbound(as: ByteBuffer.self) { reader.feed(&bytes) }
        while let packet = try reader.next() { packets.append(packet) }
        return packets
    }

    private func accept() throws {
        try receive(.connack(sessionPresent: false, reason: .success, properties: .init()))
    }

    private func failure() -> MQTTClientFailure? {
        do {
            _ = try answer.wait()
            return nil
        } catch {
            return error as? MQTTClientFailure
        }
    }

    @Test("Introduces itself, and waits to be accepted") func connects() throws {
        guard case .connect(let connect)? = try sent().first else {
            Issue.record("this is something else")
            return
        }
        #expect(connect.clientID == "c" && connect.properties.receiveMaximum == 256)
        try accept()
        #expect(owner.events == ["accepted v5"])
        #expect(try answer.wait().version == .v5)
    }

    @Test("A refusal is the answer, and the owner hears nothing") func refused() throws {
        try receive(.connack(sessionPresent: false, reason: .notAuthorized, properties: .init()))
        #expect(failure()?.kind == .refused(.notAuthorized))
        #expect(owner.events.isEmpty && !channel.isActive)
    }

    @Test("A server of MQTT 3.1.1 refuses in its own form") func oldServer() throws {
        try channel.writeInbound(ByteBuffer(hex: "20020001"))
        #expect(failure()?.calls311 == true)
    }

    @Test("Hanging up is an answer too") func hungUp() throws {
        channel.pipeline.fireChannelInactive()
        #expect(failure()?.kind == .unanswered)
    }

    @Test("No answer in time") func silent() throws {
        channel.embeddedEventLoop.advanceTime(by: .seconds(11))
        #expect(failure()?.kind == .unreachable)
    }

    @Test("Messages both ways") func messages() throws {
        try accept()
        _ = try sent()
        connection.publish(MQTTPublish(topic: "a", payload: ByteBuffer(), qos: .atLeastOnce), token: 9)
        #expect(try sent().isEmpty)
        connection.flush()
        #expect(try sent().count == 1)
        try receive(
            .puback(packetID: 1, reason: .success, properties: .init()),
            .publish(MQTTPublish(topic: "b", payload: ByteBuffer(), qos: .atLeastOnce, packetID: 4)))
        #expect(owner.events == ["accepted v5", "received b", "published 9"])
        connection.acknowledge(try #require(owner.receipts.first))
        connection.flush()
        #expect(try sent() == [.puback(packetID: 4, reason: .success, properties: .init())])
    }

    @Test("Commands without an answer end with the connection") func commands() throws {
        try accept()
        #expect(connection.subscribe([MQTTSubscription(filter: "a", qos: .atLeastOnce)], token: 3))
        channel.pipeline.fireChannelInactive()
        #expect(owner.events == ["accepted v5", "answered 3 0", "ended unreachable"])
    }

    @Test("Violations are told and end it") func violation() throws {
        try accept()
        _ = try sent()
        try receive(.pingreq)
        #expect(try sent() == [.disconnect(reason: .protocolError, properties: .init())])
        #expect(owner.events.last == "ended violation(protocol error, 0x82)")
    }

    @Test("A quiet line is kept alive, a dead one is noticed") func keepAlive() throws {
        try accept()
        _ = try sent()
        for _ in 0..<3 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(5))
            channel.embeddedEventLoop.advanceTime(by: .seconds(5))
            #expect(try sent().contains(.pingreq))
            try receive(.pingresp)
        }
        channel.embeddedEventLoop.advanceTime(by: .seconds(30))
        #expect(owner.events.last == "ended unreachable")
    }

    @Test("Says goodbye when all is written") func goodbye() throws {
        try accept()
        _ = try sent()
        connection.publish(MQTTPublish(topic: "a", payload: ByteBuffer()))
        connection.disconnect()
        let packets = try sent()
        #expect(packets.count == 2 && packets.last == .disconnect(reason: .success, properties: .init()))
        #expect(owner.events.last == "ended closed" && !channel.isActive)
    }
}
