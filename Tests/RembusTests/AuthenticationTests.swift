import Foundation
import NIOCore
import RembusWire
import Testing

@testable import Rembus

/// Logins with a proof of identity (protocol.md §7).
@Suite(.timeLimit(.minutes(5)))
struct AuthenticationTests {
    let folder = KeyFolder()
    let challenge: [UInt8] = Array(1...32)

    @Test(arguments: KeyScheme.allCases, MessageEncoding.allCases)
    func aChallengedIdentityIsProven(_ scheme: KeyScheme, _ encoding: MessageEncoding) async throws {
        let key = try PrivateKey.generate(scheme)
        let broker = try await FakeBroker.start()
        async let component = Component.connect(
            broker.url("plant/pump7"),
            configuration: .test {
                $0.credential = .privateKey(key)
                $0.encoding = encoding
            })
        let peer = try await broker.accept()
        try await peer.challengeIdentity(challenge, asText: encoding == .json)
        let attestation = try await peer.nextAttestation()
        #expect(attestation.name == "plant/pump7")
        #expect(attestation.id != .connection)
        #expect(try isValid(attestation, key))
        peer.answer(attestation.id, .ok, [[], []])
        #expect(try await component.state == .connected)
        await (try component).close()
    }

    @Test func aSharedSecretIsProven() async throws {
        let broker = try await FakeBroker.start()
        async let component = Component.connect(
            broker.url("pump7"), configuration: .test { $0.credential = .sharedSecret("hunter22") })
        let peer = try await broker.accept()
        // The vector of protocol.md §14.4.
        try await peer.challengeIdentity([0xDE, 0xAD, 0x00, 0x01])
        let attestation = try await peer.nextAttestation()
        let digest = attestation.signature.readableBytesView.map { String($0, radix: 16) }.joined(separator: " ")
        #expect(digest.hasPrefix("bc 17 cf 60 4b a c d1 91"))
        #expect(attestation.signature.readableBytes == 32)
        peer.answer(attestation.id, .ok)
        await (try component).close()
    }

    @Test func theKeyFileIsUsed() async throws {
        let key = try PrivateKey.generate(.ecdsa)
        try folder.put("pump7/.secret", key.pem)
        let broker = try await FakeBroker.start()
        async let component = Component.connect(broker.url("pump7"), configuration: .test(folder))
        let peer = try await broker.accept()
        try await peer.challengeIdentity(challenge)
        let attestation = try await peer.nextAttestation()
        #expect(try isValid(attestation, key))
        peer.answer(attestation.id, .ok)
        await (try component).close()
    }

    // MARK: Authenticated mode

    @Test(arguments: MessageEncoding.allCases)
    func anAuthenticatedComponentWaitsForTheChallenge(_ encoding: MessageEncoding) async throws {
        let key = try PrivateKey.generate(.ecdsa)
        let broker = try await FakeBroker.start()
        async let component = Component.connect(
            broker.url("a"),
            configuration: .test {
                $0.credential = .privateKey(key)
                $0.authenticated = true
                $0.encoding = encoding
            })
        let peer = try await broker.accept()
        peer.challenge(challenge)
        // The first that comes; had it said its name before, that would come first.
        let attestation = try await peer.nextAttestation()
        #expect(attestation.id == .connection)
        #expect(try isValid(attestation, key))
        peer.answer(.connection, .ok, [[], []])
        await (try component).close()
    }

    @Test func withoutAChallengeTheErrorSaysWhatIsWrong() async throws {
        let error = await loginError(
            .test {
                $0.authenticated = true
                $0.requestTimeout = .milliseconds(50)
            }
        ) { peer in
            // It waited until it gave up, and said nothing.
            _ = try await peer.closed()
            #expect(!peer.hasUnreadFrames)
        }
        #expect(error?.code == .timeout)
        #expect(error?.message.contains("authenticated mode") == true)
    }

    @Test func anAcceptedNameIsNoChallenge() async throws {
        let configuration = ComponentConfiguration.test {
            $0.authenticated = true
            $0.requestTimeout = .seconds(1)
        }
        let error = await loginError(configuration) { $0.answer(.connection, .ok) }
        #expect(error?.code == .timeout)
    }

    /// A component that does not know the mode has sent its Identity, whose answer waits for the proof.
    @Test(arguments: [true, false])
    func aComponentThatDoesNotKnowTheModeAnswersToo(_ isIdentityAnswered: Bool) async throws {
        let key = try PrivateKey.generate(.ecdsa)
        let broker = try await FakeBroker.start()
        async let component = Component.connect(
            broker.url("a"), configuration: .test { $0.credential = .privateKey(key) })
        let peer = try await broker.accept()
        guard case .identity(let identity) = try await peer.next() else { throw FakePeer.UnexpectedMessage() }
        peer.challenge(challenge)
        #expect(try await peer.nextAttestation().id == .connection)
        if isIdentityAnswered { peer.answer(identity.id, .ok) }
        peer.answer(.connection, .ok, [[], []])
        if !isIdentityAnswered { peer.answer(identity.id, .ok) }
        let connected = try await component
        #expect(connected.state == .connected)
        // The second answer disturbs nothing.
        async let sum: Int = connected.call("add", 1, 2)
        peer.answer(try await peer.nextRequest(), 3)
        #expect(try await sum == 3)
        await connected.close()
    }

    /// The challenge may be there before the component has said anything.
    @Test func anEarlyChallengeIsAnswered() async throws {
        let key = try PrivateKey.generate(.ecdsa)
        let broker = try await FakeBroker.start()
        for _ in 0..<10 {
            async let component = Component.connect(
                broker.url("a"), configuration: .test { $0.credential = .privateKey(key) })
            let peer = try await broker.accept()
            peer.challenge(challenge)
            var message = try await peer.next()
            if case .identity = message { message = try await peer.next() }
            guard case .attestation(let attestation) = message else { throw FakePeer.UnexpectedMessage() }
            #expect(attestation.id == .connection)
            peer.answer(.connection, .ok)
            await (try component).close()
        }
    }

    @Test func anonymousComponentsAreToldToHaveAName() async throws {
        let (_, peer, component) = try await FakeBroker.connected("")
        peer.challenge(challenge)
        for await state in component.stateUpdates where state.isClosed { break }
        guard case .closed(let reason?) = component.state else { return #expect(Bool(false), "\(component.state)") }
        #expect(reason.code == .authenticationRequired)
    }

    @Test func theModeIsASetting() throws {
        #expect(try !Settings(.test(), name: "a").isAuthenticated)
        #expect(try Settings(.test { $0.authenticated = true }, name: "a").isAuthenticated)
        #expect(try Settings(environment("authenticated"), name: "a").isAuthenticated)
        #expect(try !Settings(environment("anonymous"), name: "a").isAuthenticated)
        try folder.put("a/settings.json", #"{"connection_mode": "authenticated"}"#)
        try folder.put("b/settings.json", #"{"connection_mode": true}"#)
        #expect(try Settings(.test(folder), name: "a").isAuthenticated)
        #expect(try !Settings(.test(folder) { $0.authenticated = false }, name: "a").isAuthenticated)
        for (configuration, name) in [
            (environment("always"), "a"), (.test(folder), "b"), (environment("authenticated"), nil),
        ] as [(ComponentConfiguration, String?)] {
            let error = #expect(throws: RembusError.self) { try Settings(configuration, name: name) }
            #expect(error?.code == .invalidSetting)
        }
    }

    private func environment(_ mode: String) -> ComponentConfiguration {
        .test { $0.environment = ["REMBUS_CONNECTION_MODE": mode] }
    }

    // MARK: Failures

    @Test func aMissingKeyIsNamedWithItsPlace() async throws {
        let error = await loginError(.test(folder)) { try await $0.challengeIdentity(challenge) }
        #expect(error?.code == .authenticationRequired)
        #expect(error?.message.contains(folder.file("a/.secret")) == true)
    }

    @Test func aKeyFileOpenToOthersIsRefused() async throws {
        try folder.put("a/.secret", try PrivateKey.generate(.ecdsa).pem, mode: 0o644)
        let error = await loginError(.test(folder)) { try await $0.challengeIdentity(challenge) }
        #expect(error?.code == .keyFile)
        #expect(error?.message.contains("chmod 600") == true)
    }

    @Test func anUnusableKeyFileDoesNotMatterWithoutAChallenge() async throws {
        try folder.put("a/.secret", "-----BEGIN NOTHING")
        let broker = try await FakeBroker.start()
        async let component = Component.connect(broker.url("a"), configuration: .test(folder))
        try await broker.accept().acceptLogin("a")
        await (try component).close()
    }

    @Test(arguments: [Value.null, "wrong signature"])
    func aRefusedProofIsItsOwnError(_ data: Value) async throws {
        try folder.put("a/.secret", try PrivateKey.generate(.ecdsa).pem)
        let error = await loginError(.test(folder)) { peer in
            try await peer.challengeIdentity(challenge)
            peer.answer(try await peer.nextAttestation().id, .error, data)
        }
        #expect(error?.code == .authenticationFailed)
        #expect(error?.isWorthRetrying == false)
        #expect(error?.message.contains(data.stringValue ?? "(10)") == true)
        #expect(error?.message.contains(folder.file("a/.secret")) == true)
    }

    @Test func aNameInUseAfterTheProofIsRetried() async throws {
        let error = await loginError(.test { $0.credential = .sharedSecret("x") }) { peer in
            try await peer.challengeIdentity(challenge)
            peer.answer(try await peer.nextAttestation().id, .error, "already connected")
        }
        #expect(error?.code == .nameInUse)
        #expect(error?.isWorthRetrying == true)
    }

    @Test func aBrokerThatOnlyChallengesIsLeft() async throws {
        let error = await loginError(.test { $0.credential = .sharedSecret("x") }) { peer in
            try await peer.challengeIdentity(challenge)
            // It answers two and leaves with the third.
            for _ in 0..<2 {
                let part = try await peer.nextAttestation()
                peer.send(.response(.init(id: part.id, status: .challenge, data: .bytes(.init(bytes: challenge)))))
            }
        }
        #expect(error?.code == .loginRefused)
    }

    @Test(arguments: [Value.null, 7, "3q0AAQ==", .bytes(.init()), .bytes(.init(repeating: 1, count: 5000)), [1, 2]])
    func unreadableChallengesAreRefused(_ data: Value) async throws {
        let error = await loginError(.test { $0.credential = .sharedSecret("x") }) {
            try await $0.refuseLogin(.challenge, data)
        }
        #expect(error?.code == .loginRefused)
    }

    @Test func aSilentBrokerEndsInTimeout() async throws {
        let error = await loginError(
            .test {
                $0.credential = .sharedSecret("x")
                $0.requestTimeout = .seconds(3)
            }
        ) { peer in
            try await peer.challengeIdentity(challenge)
            _ = try await peer.nextAttestation()
        }
        #expect(error?.code == .timeout)
    }

    // MARK: Reconnecting

    @Test func everyConnectionProvesAnewWithTheKeyThatIsThere() async throws {
        let broker = try await FakeBroker.start()
        try folder.put("a/.secret", "first secret")
        async let connecting = Component.connect(broker.url("a"), configuration: .test(folder))
        let peer = try await broker.accept()
        try await peer.challengeIdentity(challenge)
        let first = try await peer.nextAttestation()
        peer.answer(first.id, .ok)
        let component = try await connecting

        try folder.put("a/.secret", "second secret")
        peer.drop()
        let second = try await broker.accept()
        try await second.challengeIdentity(challenge)
        let attestation = try await second.nextAttestation()
        #expect(attestation.signature != first.signature)
        second.answer(attestation.id, .error, "already connected")

        let third = try await broker.accept()
        try await third.challengeIdentity(challenge)
        third.answer(try await third.nextAttestation().id, .ok)
        for await state in component.stateUpdates where state.isConnected { break }

        third.drop()
        let fourth = try await broker.accept()
        try await fourth.challengeIdentity(challenge)
        fourth.answer(try await fourth.nextAttestation().id, .error)
        for await state in component.stateUpdates where state.isClosed { break }
        guard case .closed(let reason?) = component.state else { return #expect(Bool(false), "\(component.state)") }
        #expect(reason.code == .authenticationFailed)
    }

    // MARK: Helpers

    private func isValid(_ attestation: Message.Attestation, _ key: PrivateKey) throws -> Bool {
        try PublicKey(bytes: key.publicKeyPEM, scheme: key.scheme).isValid(
            Array(attestation.signature.readableBytesView), challenge: challenge, name: attestation.name)
    }

    /// What a login ends with while a broker does its part; whichever of the two fails first ends the other.
    private func loginError(
        _ configuration: ComponentConfiguration, _ broker: @escaping @Sendable (FakePeer) async throws -> Void
    ) async -> RembusError? {
        await #expect(throws: RembusError.self) {
            let fake = try await FakeBroker.start()
            try await withThrowingTaskGroup { group in
                group.addTask { _ = try await Component.connect(fake.url("a"), configuration: configuration) }
                group.addTask { try await broker(fake.accept()) }
                try await group.waitForAll()
            }
        }
    }
}
