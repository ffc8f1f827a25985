import NIOCore
import RembusWire
import Testing

@testable import Rembus

@Suite(.timeLimit(.minutes(5)))
struct LoginTests {
    @Test func namedComponentSendsIdentityAndIsConnected() async throws {
        let (_, _, component) = try await FakeBroker.connected("pump7.acme")
        #expect(component.state == .connected)
        #expect(component.name == "pump7.acme")
        await component.close()
        #expect(component.state == .closed(nil))
    }

    @Test func anonymousComponentSendsNoIdentity() async throws {
        let (_, peer, component) = try await FakeBroker.connected("")
        try await component.publish("tick")
        #expect(try await peer.nextPublish().topic == "tick")
        await component.close()
    }

    @Test(arguments: [Value.null, [], [["mix"], ["tick"]], 7])
    func exportsInTheAnswerAreTolerated(_ exports: Value) async throws {
        let broker = try await FakeBroker.start()
        async let component = Component.connect(broker.url("a"), configuration: .test())
        try await broker.accept().acceptLogin("a", exports: exports)
        await (try component).close()
    }

    @Test func nameInUseIsItsOwnError() async throws {
        let error = await loginError { try await $0.refuseLogin(.error, "already connected") }
        #expect(error?.code == .nameInUse)
        #expect(error?.message == "Another connection uses the name `a` at the moment. End it, or choose another name.")
    }

    @Test func otherRefusalsNameTheReason() async throws {
        let error = await loginError { try await $0.refuseLogin(.error, "empty cid") }
        #expect(error?.code == .loginRefused)
    }

    @Test func challengeIsAnError() async throws {
        let error = await loginError { try await $0.refuseLogin(.challenge, .bytes(.init(bytes: [1, 2, 3, 4]))) }
        #expect(error?.code == .authenticationRequired)
    }

    @Test func challengeBeforeTheAnswerIsAnError() async throws {
        let error = await loginError { peer in
            _ = try await peer.next()
            peer.send(.response(.init(id: .connection, status: .challenge, data: .bytes(.init(bytes: [1])))))
        }
        #expect(error?.code == .authenticationRequired)
    }

    @Test func silentBrokerEndsInTimeout() async throws {
        let broker = try await FakeBroker.start()
        let error = await #expect(throws: RembusError.self) {
            try await Component.connect(broker.url("a"), configuration: .test { $0.requestTimeout = .milliseconds(50) })
        }
        #expect(error?.code == .timeout)
    }

    @Test func unreachableBrokerNamesTheAddress() async throws {
        let broker = try await FakeBroker.start()
        await broker.stop()
        let error = await #expect(throws: RembusError.self) {
            try await Component.connect(broker.url("a"), configuration: .test())
        }
        #expect(error?.code == .connectionDown)
        #expect(
            error?.message
                == "Cannot connect to ws://127.0.0.1:\(broker.port): connection refused; is a broker running? "
                + "Start one with `rembus broker`.")
    }

    @Test(arguments: ["mqtt", "mqtts"])
    func unreachableMQTTServerNamesTheAddress(_ scheme: String) async throws {
        let broker = try await FakeBroker.start()
        await broker.stop()
        let error = await #expect(throws: RembusError.self) {
            try await Component.connect("\(scheme)://127.0.0.1:\(broker.port)/a", configuration: .test())
        }
        #expect(error?.code == .connectionDown)
        #expect(
            error?.message == "Cannot connect to \(scheme)://127.0.0.1:\(broker.port): connection refused; "
                + "is an MQTT server running?")
    }

    @Test func zeroMQIsAModuleOfItsOwn() async throws {
        let error = await #expect(throws: RembusError.self) {
            try await Component.connect("zmq://localhost/a", configuration: .test())
        }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("zmq") == true)
    }

    private func loginError(_ broker: (FakePeer) async throws -> Void) async -> RembusError? {
        await #expect(throws: RembusError.self) {
            let fake = try await FakeBroker.start()
            async let component = Component.connect(fake.url("a"), configuration: .test())
            try await broker(fake.accept())
            _ = try await component
        }
    }
}
