import NIOCore
import RembusTransport
import RembusWire
import Testing

@testable import Rembus

/// The caller's time-out on its way: to the broker, and from there to the method.
@Suite(.timeLimit(.minutes(5)))
struct CallTimeTests {
    @Test(arguments: [MessageEncoding.cbor, .json])
    func aTimeoutOfItsOwnReachesTheBroker(encoding: MessageEncoding) async throws {
        let (_, peer, component) = try await FakeBroker.connected(
            configuration: .untouched { $0.encoding = encoding })
        async let own: Int = component.call("m", 1, timeout: .seconds(60))
        let request = try await peer.nextRequest()
        #expect(request.timeout == 60_000)
        #expect(request.arguments == [1])
        peer.send(.response(.init(id: request.id, status: .ok, data: 7)), asText: encoding == .json)
        #expect(try await own == 7)
        await component.close()
    }

    /// Peers that know five elements only get five, unless there is something to say.
    @Test func whatEveryBrokerAssumesIsNotSaid() async throws {
        let (_, peer, component) = try await FakeBroker.connected(configuration: .untouched())
        async let value: Int = component.call("m", 1)
        guard case .binary(let bytes) = try await peer.nextFrame() else { throw FakePeer.UnexpectedMessage() }
        #expect(bytes.readableBytesView.first == 0x85)
        guard case .request(let request) = try Message(cbor: bytes) else { throw FakePeer.UnexpectedMessage() }
        #expect(request.timeout == nil)
        peer.answer(request, 7)
        #expect(try await value == 7)
        await component.close()
    }

    @Test func aTimeoutOfTheConfigurationReachesTheBrokerToo() async throws {
        let (_, peer, component) = try await FakeBroker.connected(
            configuration: .untouched { $0.requestTimeout = .seconds(90) })
        async let value: Int = component.call("m")
        let request = try await peer.nextRequest()
        #expect(request.timeout == 90_000)
        peer.answer(request, 7)
        #expect(try await value == 7)
        await component.close()
    }

    @Test func theErrorNamesWhatEndedTheCall() async throws {
        #expect(
            CallTimeout(nil, setting: .seconds(10)).description
                == "10.0 s (this component's `request_timeout`). Give the call a longer time-out, or raise the setting")
        let (_, _, component) = try await FakeBroker.connected()
        let error = await #expect(throws: RembusError.self) {
            try await component.callValue("m", timeout: .milliseconds(10))
        }
        #expect(error?.message.contains("(the time-out of the call)") == true)
        await component.close()
    }

    @Test func theMethodKnowsTheDeadlineAndEndsWithIt() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let seen = Mailbox<Bool>()
        async let exposed: Void = component.exposeRaw("m") { _ in
            seen.put(IncomingCall.deadline != nil)
            // Until nobody waits for it any more.
            try await Task.sleep(for: .seconds(3600))
            return 1
        }
        try await peer.nextCommand()
        try await exposed
        peer.send(.request(.init(id: MessageID(littleEndian: 7), topic: "m", timeout: 20)))
        #expect(try await seen.next())
        let response = try await peer.nextResponse()
        #expect(response.status == .methodException)
        await component.close()
    }

    @Test func withoutATimeoutTheMethodHasNoDeadline() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        async let exposed: Void = component.exposeRaw("m") { _ in .bool(IncomingCall.deadline == nil) }
        try await peer.nextCommand()
        try await exposed
        peer.send(.request(.init(id: MessageID(littleEndian: 7), topic: "m")))
        #expect(try await peer.nextResponse().data == true)
        await component.close()
    }
}
