import Foundation
import Rembus
import Testing

/// The handshakes of protocol.md §7 between our SDK and the Python reference broker, and key files in both directions.
@Suite(.enabled(if: ReferenceBroker.isAvailable, ReferenceBroker.absence), .timeLimit(.minutes(2)), .serialized)
struct ReferenceIdentityTests {
    private static let pin = "aabbccdd"

    private func withBroker(
        isAuthenticated: Bool = false, _ body: (ReferenceBroker) async throws -> Void
    ) async throws {
        let broker = try ReferenceBroker()
        try broker.setPins([".": Self.pin, "acme": "11223344"])
        // Longer than the 3 s of the reference: a busy machine is no reason to fail.
        let settings = ["REMBUS_CONNECTION_MODE": "authenticated", "REMBUS_CHALLENGE_TIMEOUT": "30"]
        try await broker.start(settings: isAuthenticated ? settings : [:])
        try await body(broker)
        broker.kill()
    }

    /// Keys are beside the broker's own files, as they are for Python components on one machine.
    private func configuration(
        _ broker: ReferenceBroker, _ adjust: (inout ComponentConfiguration) -> Void = { _ in }
    ) -> ComponentConfiguration {
        ComponentConfiguration {
            $0.directory = broker.folder.path
            $0.reconnect = ReconnectPolicy(minimumDelay: .milliseconds(20), maximumDelay: .milliseconds(200))
            adjust(&$0)
        }
    }

    @Test(arguments: [false, true], KeyScheme.allCases)
    func registerLoginUnregister(_ isAuthenticated: Bool, _ scheme: KeyScheme) async throws {
        try await withBroker(isAuthenticated: isAuthenticated) { broker in
            let configuration = configuration(broker)
            let url = broker.url("pump7")
            try await Component.register(url, pin: Self.pin, scheme: scheme, configuration: configuration)
            let keyFile = broker.folder.path + "/broker/keys/pump7.\(scheme.rawValue).pem"
            #expect(FileManager.default.fileExists(atPath: keyFile))

            let component = try await Component.connect(url, configuration: configuration)
            #expect(try await component.call("rid") == "broker")
            let elsewhere = self.configuration(broker) { $0.directory = "/nonexistent" }
            let error = await #expect(throws: RembusError.self) {
                try await Component.register(url, pin: Self.pin, configuration: elsewhere)
            }
            #expect(error?.status == .nameTaken)
            try await component.unregister()
            #expect(!FileManager.default.fileExists(atPath: keyFile))
            #expect(!FileManager.default.fileExists(atPath: broker.folder.path + "/pump7/.secret"))
            await component.close()
        }
    }

    @Test func aComponentThatKnowsTheModeSaysNothingFirst() async throws {
        try await withBroker(isAuthenticated: true) { broker in
            let configuration = configuration(broker) { $0.authenticated = true }
            try await Component.register(
                broker.url("a"), pin: Self.pin, configuration: configuration)
            let component = try await Component.connect(broker.url("a"), configuration: configuration)
            #expect(try await component.call("rid") == "broker")
            await component.close()
        }
    }

    @Test func theChallengeInJSONIsAnswered() async throws {
        try await withBroker { broker in
            let configuration = configuration(broker) { $0.encoding = .json }
            try await Component.register(broker.url("a"), pin: Self.pin, configuration: configuration)
            let component = try await Component.connect(broker.url("a"), configuration: configuration)
            #expect(component.state == .connected)
            await component.close()
        }
    }

    @Test func wrongPinsAndTenantsAreRefused() async throws {
        try await withBroker { broker in
            for (name, pin, reason) in [
                ("a", "00000000", "wrong tenant/pin"), ("a.acme", Self.pin, "wrong tenant/pin"),
                ("a.other", Self.pin, "tenant [other] not enabled"),
            ] {
                let error = await #expect(throws: RembusError.self) {
                    try await Component.register(broker.url(name), pin: pin, configuration: configuration(broker))
                }
                #expect(error?.status == .error)
                #expect(error?.message.contains(reason) == true)
            }
            try await Component.register(broker.url("a.acme"), pin: "11223344", configuration: configuration(broker))
        }
    }

    @Test(arguments: [false, true])
    func wrongKeysAreRefused(_ isAuthenticated: Bool) async throws {
        try await withBroker(isAuthenticated: isAuthenticated) { broker in
            let right = configuration(broker)
            try await Component.register(broker.url("a"), pin: Self.pin, configuration: right)
            let wrong = configuration(broker) {
                $0.credential = (try? PrivateKey.generate(.ecdsa)).map { .privateKey($0) }
            }
            let failed = await #expect(throws: RembusError.self) {
                try await Component.connect(broker.url("a"), configuration: wrong)
            }
            #expect(failed?.code == .authenticationFailed)
            let none = configuration(broker) { $0.directory = "/nonexistent" }
            let required = await #expect(throws: RembusError.self) {
                try await Component.connect(broker.url("a"), configuration: none)
            }
            #expect(required?.code == .authenticationRequired)
            await (try Component.connect(broker.url("a"), configuration: right)).close()
        }
    }

    @Test func aRestartedBrokerIsToldWhoWeAre() async throws {
        try await withBroker { broker in
            try await Component.register(broker.url("a"), pin: Self.pin, configuration: configuration(broker))
            let component = try await Component.connect(broker.url("a"), configuration: configuration(broker))
            broker.kill()
            try await broker.start()
            for await state in component.stateUpdates where state.isConnected { break }
            #expect(try await component.call("rid") == "broker")
            await component.close()
        }
    }

    // MARK: Key files

    /// A key that Python made and stored logs our component in; Python writes it readable for all, which we refuse.
    @Test(arguments: ["SIG_RSA", "SIG_ECDSA"])
    func keysOfPythonComponentsAreUsed(_ scheme: String) async throws {
        try await withBroker { broker in
            try broker.runPython("rembus.register('\(broker.url("py"))', '\(Self.pin)', rembus.\(scheme))")
            let file = broker.folder.path + "/py/.secret"
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
            let error = await #expect(throws: RembusError.self) {
                try await Component.connect(broker.url("py"), configuration: configuration(broker))
            }
            #expect(error?.code == .keyFile)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            let component = try await Component.connect(broker.url("py"), configuration: configuration(broker))
            #expect(try await component.call("rid") == "broker")
            await component.close()
        }
    }

    /// A key that our component made and stored logs a Python component in.
    @Test(arguments: KeyScheme.allCases)
    func pythonComponentsUseOurKeys(_ scheme: KeyScheme) async throws {
        try await withBroker { broker in
            let url = broker.url("ours")
            try await Component.register(url, pin: Self.pin, scheme: scheme, configuration: configuration(broker))
            let answer = try broker.runPython(
                "node = rembus.node('\(url)'); print('answer', node.rpc('rid')); node.close()")
            #expect(answer.contains("answer broker"))
        }
    }
}
