import RembusListening
import RembusWire
import TestSupport
import Testing

@testable import Rembus

/// `tcp` and `tls` URLs: the same component over another framing (protocol.md §11).
@Suite(.timeLimit(.minutes(5)))
struct FramedConnectionTests {
    /// A component calls, publishes and receives.
    func converse(_ broker: FakeBroker, _ url: String, _ configuration: ComponentConfiguration) async throws {
        async let connecting = Component.connect(url, configuration: configuration)
        let peer = try await broker.accept()
        try await peer.acceptLogin("pump7")
        let component = try await connecting
        async let sum: Int = component.call("add", 1, 2)
        try await peer.answer(peer.nextRequest(), 3)
        #expect(try await sum == 3)
        try await component.publish("large", String(repeating: "x", count: 100_000))
        #expect(try await peer.nextPublish().topic == "large")
        await component.close()
        _ = try await peer.closed()
    }

    @Test func componentsSpeakTCP() async throws {
        let broker = try await FakeBroker.start(isFramed: true)
        try await converse(broker, "tcp://127.0.0.1:\(broker.port)/pump7", .test())
    }

    @Test func componentsSpeakTLS() async throws {
        let (authority, folder) = (try TestAuthority(), try TestFolder())
        try folder.write("rembus", authority.issueForLocalhost())
        let file = try folder.write("authority.pem", authority.pem)
        let broker = try await FakeBroker.start(
            tls: TLSServerContext(TLSServerSettings(keystore: folder.path)), isFramed: true)
        try await converse(broker, "tls://localhost:\(broker.port)/pump7", .test { $0.tls.authorities = file })
    }

    @Test(arguments: ["tcp", "tls"])
    func theyCarryNoJSON(_ scheme: String) async throws {
        let error = await #expect(throws: RembusError.self) {
            try await Component.connect("\(scheme)://127.0.0.1:1/a", configuration: .test { $0.encoding = .json })
        }
        #expect(error?.code == .unsupported)
    }

    @Test func aLostConnectionIsReplaced() async throws {
        let broker = try await FakeBroker.start(isFramed: true)
        async let connecting = Component.connect("tcp://127.0.0.1:\(broker.port)/pump7", configuration: .test())
        let peer = try await broker.accept()
        try await peer.acceptLogin("pump7")
        let component = try await connecting
        peer.drop()
        try await broker.accept().acceptLogin("pump7")
        await component.close()
    }
}
