import Foundation
import NIOCore
import RembusWire
import Testing

@testable import Rembus

/// Register and unregister (protocol.md §7.5).
@Suite(.timeLimit(.minutes(5)))
struct RegistrationTests {
    let folder = KeyFolder()

    @Test(arguments: KeyScheme.allCases, MessageEncoding.allCases)
    func aRegisteredKeyIsStoredAndUsed(_ scheme: KeyScheme, _ encoding: MessageEncoding) async throws {
        let broker = try await FakeBroker.start()
        let configuration = ComponentConfiguration.test(folder) { $0.encoding = encoding }
        async let registration: Void = Component.register(
            broker.url("pump7.acme"), pin: "11223344", scheme: scheme, configuration: configuration)
        let peer = try await broker.accept()
        let register = try await peer.nextRegister()
        #expect(register.name == "pump7.acme")
        #expect(register.pin == "11223344")
        #expect(register.keyType == (scheme == .rsa ? 1 : 2))
        // Not before the broker has accepted it.
        #expect(folder.content("pump7.acme/.secret") == nil)
        peer.answer(register.id, .ok)
        try await registration
        _ = try await peer.closed()
        #expect(folder.mode("pump7.acme/.secret") == 0o600)
        #expect(folder.mode("pump7.acme") == 0o700)

        async let component = Component.connect(broker.url("pump7.acme"), configuration: configuration)
        let second = try await broker.accept()
        try await second.challengeIdentity([1, 2, 3], asText: encoding == .json)
        let attestation = try await second.nextAttestation()
        let publicKey = try PublicKey(bytes: Array(register.publicKey.readableBytesView), scheme: scheme)
        let signature = Array(attestation.signature.readableBytesView)
        #expect(publicKey.isValid(signature, challenge: [1, 2, 3], name: "pump7.acme"))
        second.answer(attestation.id, .ok)
        await (try component).close()
    }

    @Test func aKeyIsNeverReplaced() async throws {
        try folder.put("a/.secret", "precious")
        let broker = try await FakeBroker.start()
        let error = await #expect(throws: RembusError.self) {
            try await Component.register(broker.url("a"), pin: "x", configuration: .test(folder))
        }
        #expect(error?.code == .keyFile)
        #expect(error?.message.contains(folder.file("a/.secret")) == true)
        #expect(folder.content("a/.secret") == "precious")
    }

    @Test(arguments: [
        (StatusCode.nameTaken, Value.text("[a] not available")), (.error, "wrong tenant/pin"), (.error, .null),
    ])
    func refusalsLeaveNothingBehind(_ status: StatusCode, _ data: Value) async throws {
        let error = await registrationError { peer in
            peer.answer(try await peer.nextRegister().id, status, data)
        }
        #expect(error?.status == status)
        #expect(error?.message.contains(status == .nameTaken ? "(60)" : data.stringValue ?? "(10)") == true)
        #expect(error?.message.contains("4711") == false)
        #expect(folder.content("a/.secret") == nil)
    }

    @Test func theModeOfTheBrokerDoesNotMatter() async throws {
        let broker = try await FakeBroker.start()
        let configuration = ComponentConfiguration.test(folder) {
            $0.environment = ["REMBUS_CONNECTION_MODE": "authenticated"]
        }
        async let registration: Void = Component.register(broker.url("a"), pin: "x", configuration: configuration)
        let peer = try await broker.accept()
        peer.challenge([1, 2, 3, 4])
        let register = try await peer.nextRegister()
        peer.challenge([1, 2, 3, 4])
        peer.answer(register.id, .ok)
        try await registration
        #expect(folder.content("a/.secret") != nil)
    }

    @Test func aKeyThatCannotBeStoredIsWithdrawn() async throws {
        let broker = try await FakeBroker.start()
        // A file where the folder should be.
        try folder.put("a", "in the way")
        let folder = folder
        let registration = Task {
            try await Component.register(broker.url("a"), pin: "x", configuration: .test(folder))
        }
        let peer = try await broker.accept()
        peer.answer(try await peer.nextRegister().id, .ok)
        let second = try await broker.accept()
        try await second.challengeIdentity([1])
        second.answer(try await second.nextAttestation().id, .ok)
        guard case .unregister(let id) = try await second.next() else { throw FakePeer.UnexpectedMessage() }
        second.answer(id, .ok)
        let error = await registration.rembusError
        #expect(error?.code == .keyFile)
    }

    @Test func aNameIsNeeded() async throws {
        let error = await #expect(throws: RembusError.self) {
            try await Component.register("ws://localhost", pin: "x", configuration: .test(folder))
        }
        #expect(error?.code == .invalidURL)
    }

    @Test func aLostConnectionRegistersNothing() async throws {
        let error = await registrationError { peer in
            _ = try await peer.nextRegister()
            peer.drop()
        }
        #expect(error?.code == .connectionDown)
        #expect(folder.content("a/.secret") == nil)
    }

    // MARK: Unregister

    @Test func unregisteringRemovesTheKey() async throws {
        try folder.put("tester/.secret", "hunter22")
        let (_, peer, component) = try await FakeBroker.connected(configuration: .test(folder))
        async let done: Void = component.unregister()
        guard case .unregister(let id) = try await peer.next() else { throw FakePeer.UnexpectedMessage() }
        #expect(folder.content("tester/.secret") != nil)
        peer.answer(id, .ok)
        try await done
        #expect(folder.content("tester/.secret") == nil)
        #expect(component.state == .connected)
        await component.close()
    }

    @Test func aRefusedUnregistrationKeepsTheKey() async throws {
        try folder.put("tester/.secret", "hunter22")
        let (_, peer, component) = try await FakeBroker.connected(configuration: .test(folder))
        let done = Task { try await component.unregister() }
        guard case .unregister(let id) = try await peer.next() else { throw FakePeer.UnexpectedMessage() }
        peer.answer(id, .error, "invalid operation")
        let error = await done.rembusError
        #expect(error?.message == "The broker refused the unregistration (10): invalid operation.")
        #expect(folder.content("tester/.secret") != nil)
        await component.close()
    }

    @Test func aGivenCredentialLeavesTheFileAlone() async throws {
        try folder.put("tester/.secret", "hunter22")
        let (_, peer, component) = try await FakeBroker.connected(
            configuration: .test(folder) { $0.credential = .sharedSecret("other") })
        async let done: Void = component.unregister()
        guard case .unregister(let id) = try await peer.next() else { throw FakePeer.UnexpectedMessage() }
        peer.answer(id, .ok)
        try await done
        #expect(folder.content("tester/.secret") == "hunter22")
        await component.close()
    }

    @Test func anonymousComponentsHaveNothingToUnregister() async throws {
        let (_, _, component) = try await FakeBroker.connected("")
        let error = await #expect(throws: RembusError.self) { try await component.unregister() }
        #expect(error?.code == .unsupported)
        await component.close()
    }

    private func registrationError(_ broker: (FakePeer) async throws -> Void) async -> RembusError? {
        await #expect(throws: RembusError.self) {
            let fake = try await FakeBroker.start()
            async let registration: Void = Component.register(
                fake.url("a"), pin: "4711", configuration: .test(folder))
            try await broker(fake.accept())
            try await registration
        }
    }
}
