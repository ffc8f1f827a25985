import NIOCore
import RembusListening
import RembusTransport
import RembusWire
import Testing

@testable import RembusBroker

/// Calls and commands of a gateway, and their answers.
@Suite("Calls and commands through a port")
struct PortRequestTests {
    private let broker = FuzzBroker(.remembering)

    @Test("The broker answers with a value")
    func ownMethods() throws {
        let (port, owner) = try broker.openPort()
        owner.call("rid", on: port)
        owner.call("nobody", on: port)
        #expect(owner.answers.isEmpty, "a completion comes at the end of the unit of work")
        port.endWork()
        #expect(owner.answers.map { $0?.status } == [.ok, .methodNotFound])
        #expect(owner.answers.first??.data == .text(broker.core.name))
        #expect(port.isIdle)
    }

    @Test("A component answers with an item that is passed on as it is", arguments: [0, 1])
    func provider(lane: Int) throws {
        let (provider, sink) = try broker.open(lane: lane)
        _ = provider.perform(.expose, topic: "twice")
        provider.endWork()
        let (port, owner) = try broker.openPort()
        owner.call("twice", [21], on: port)
        port.endWork()
        broker.settle()
        guard case .request(let request)? = sink.messages.last else {
            Issue.record("no request: \(sink.messages)")
            return
        }
        #expect(request.topic == "twice" && request.arguments == [21] && port.openCount == 1)
        provider.receive(.response(.init(id: request.id, status: .ok, data: ["n": 42])))
        provider.endWork()
        broker.settle()
        #expect(owner.answers.count == 1)
        #expect(owner.answers.first??.status == .ok && owner.answers.first??.data == ["n": 42])
    }

    @Test("A command is carried out, or refused, with a value")
    func commands() throws {
        let (port, owner) = try broker.openPort()
        owner.administer("__config__", ["cmd": "shutdown"], on: port)
        owner.administer("t", ["cmd": "no such thing"], on: port)
        owner.administer("t", ["cmd": "subscribe"], on: port)
        port.endWork()
        #expect(owner.answers.map { $0?.status } == [.error, .unknownAdminCommand, .ok])
        #expect(owner.answers[0]?.data.stringValue?.contains("requires administrator rights") == true)
        #expect(owner.answers[2]?.data == .null)
    }

    @Test("Frames that are none are no calls, and the end of the session is the end of those that wait")
    func end() throws {
        let (provider, _) = try broker.open(lane: 0)
        _ = provider.perform(.expose, topic: "slow")
        let (port, owner) = try broker.openPort()
        port.call(port.request("slow", target: nil, timeout: nil)) { outcome in
            guard case .ended = outcome else { return #expect(Bool(false), "taken without arguments") }
        }
        owner.call("slow", on: port)
        owner.call("rid", on: port)
        port.close()
        #expect(owner.answers.map { $0?.status } == [.ok])
        broker.settle()
        #expect(owner.answers.map { $0?.status } == [.ok, nil] && owner.hasEnded)
    }

    @Test("A broker that takes nothing for the moment says so, and when it does again")
    func pause() throws {
        let (port, owner) = try broker.openPort()
        port.session?.link.pauseReading()
        #expect(!port.isTaking && !owner.isTaking)
        port.session?.link.resumeReading()
        #expect(port.isTaking && owner.isTaking)
    }

    @Test("While a decision about its identity is to come nothing is taken, whatever else was in the way is over")
    func decision() throws {
        let (port, owner) = try broker.openPort()
        let session = try #require(port.session?.session)
        session.wait()
        session.lane.pause(session)
        session.lane.hold(session)
        // A congested subscriber and a full store hold their publishers for a second at most.
        broker.advance(by: .seconds(2))
        #expect(session.lane.paused.isEmpty && session.lane.held.isEmpty)
        #expect(!port.isTaking)
        session.proceed { owner.call("rid", on: port) }
        #expect(port.isTaking && owner.answers.map { $0?.status } == [.ok])
    }

    @Test(
        "An answer of the broker counts as many bytes as its message would have",
        arguments: [.null, .text("why not"), ["a": [1, 2.5, .bytes(ByteBuffer(bytes: [1, 2]))]]] as [Value])
    func lengths(data: Value) throws {
        let message = Message.response(.init(id: MessageID(littleEndian: 7), status: .error, data: data))
        let (port, _) = try broker.openPort()
        let session = try #require(port.session?.session)
        let traffic = broker.core.lanes[0].metrics.traffic(of: .http)
        _ = traffic.take(.sentBytes, .response)
        session.respond(MessageID(littleEndian: 7), .error, data)
        #expect(traffic.take(.sentBytes, .response) == UInt64(message.bytes.count))
    }
}
