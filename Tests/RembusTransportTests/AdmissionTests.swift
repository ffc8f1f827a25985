import NIOCore
import RembusListening
import RembusSupport
import Testing

/// Limits on connections, checked before anything else.
@Suite(.timeLimit(.minutes(5)))
struct AdmissionTests {
    func address(_ text: String) throws -> SocketAddress { try SocketAddress(ipAddress: text, port: 4711) }

    @Test func addressesCountAsWhatASubscriberHas() throws {
        func key(_ text: String) throws -> AddressKey? { AddressKey(try address(text)) }
        #expect(try key("10.0.0.1") == key("10.0.0.1"))
        #expect(try key("10.0.0.1") != key("10.0.0.2"))
        #expect(try key("2001:db8:1:2::1") == key("2001:db8:1:2:ffff::9"))
        #expect(try key("2001:db8:1:2::1") != key("2001:db8:1:3::1"))
        #expect(try key("::ffff:10.0.0.1") == key("10.0.0.1"))
        #expect(try key("::a00:1") != key("10.0.0.1"))
        #expect(try AddressKey(SocketAddress(unixDomainSocketPath: "/tmp/x")) == nil)
        #expect(AddressKey(nil) == nil)
    }

    @Test func theTotalIsLimited() throws {
        let admission = ConnectionAdmission(maxConnections: 2, maxPerAddress: 0, handshakesPerSecond: 0)
        let first = try admission.admit(address("10.0.0.1")).get()
        _ = try admission.admit(nil).get()
        #expect(throws: ConnectionRefusal.tooManyConnections) { try admission.admit(address("10.0.0.3")).get() }
        admission.release(first)
        _ = try admission.admit(address("10.0.0.3")).get()
        #expect(admission.openConnections == 2)
        #expect(admission.refusals == [.tooManyConnections: 1])
    }

    @Test func eachAddressIsLimited() throws {
        let admission = ConnectionAdmission(maxConnections: 0, maxPerAddress: 2, handshakesPerSecond: 0)
        let first = try admission.admit(address("2001:db8::1")).get()
        _ = try admission.admit(address("2001:db8::2")).get()
        #expect(throws: ConnectionRefusal.tooManyFromAddress) { try admission.admit(address("2001:db8::3")).get() }
        _ = try admission.admit(address("10.0.0.1")).get()
        for _ in 0..<3 { _ = try admission.admit(nil).get() }
        admission.release(first)
        _ = try admission.admit(address("2001:db8::3")).get()
        #expect(admission.refusals == [.tooManyFromAddress: 1])
    }

    @Test func theRateIsLimitedAndRecovers() throws {
        let admission = ConnectionAdmission(maxConnections: 0, maxPerAddress: 0, handshakesPerSecond: 10)
        let start = NIODeadline.now()
        for _ in 0..<10 { _ = try admission.admit(nil, now: start).get() }
        #expect(throws: ConnectionRefusal.tooManyPerSecond) { try admission.admit(nil, now: start).get() }
        let later = start + .milliseconds(350)
        for _ in 0..<3 { _ = try admission.admit(nil, now: later).get() }
        #expect(throws: ConnectionRefusal.tooManyPerSecond) { try admission.admit(nil, now: later).get() }
        let muchLater = start + .hours(1)
        for _ in 0..<10 { _ = try admission.admit(nil, now: muchLater).get() }
        #expect(throws: ConnectionRefusal.tooManyPerSecond) { try admission.admit(nil, now: muchLater).get() }
    }

    @Test func connectionsOverTheLimitAreClosedAtOnceAndPlacesComeFree() async throws {
        let admission = ConnectionAdmission(maxConnections: 0, maxPerAddress: 2, handshakesPerSecond: 0)
        let server = try await EchoServer.start(admission: admission)
        let first = try await EchoClient.connect(port: server.port)
        let second = try await EchoClient.connect(port: server.port)
        await #expect(throws: (any Error).self) { try await EchoClient.connect(port: server.port) }
        #expect(admission.refusals == [.tooManyFromAddress: 1])
        #expect(admission.openConnections == 2)
        try await first.close()
        #expect(await eventually { admission.openConnections == 1 })
        let third = try await EchoClient.connect(port: server.port)
        #expect(await third.echo([1]) == [1])
        #expect(await second.echo([2]) == [2])
        try await second.close()
        try await third.close()
        #expect(await eventually { admission.openConnections == 0 })
    }

    @Test func everyEndGivesThePlaceBack() async throws {
        let admission = ConnectionAdmission(maxConnections: 50, maxPerAddress: 50, handshakesPerSecond: 0)
        let server = try await EchoServer.start(admission: admission, handshakeTimeout: .milliseconds(100))
        for round in 0..<40 {
            let peer = try await RawPeer.connect(port: server.port)
            switch round % 4 {
            case 0: try? await peer.channel.close()
            case 1: await peer.send("nonsense\r\n\r\n")
            case 2: await peer.send("GET / HTTP/1.1\r\n\r\n")
            default: break
            }
        }
        #expect(await eventually { admission.openConnections == 0 })
        // Not on the same server: a busy machine may need longer than its deadline.
        let patient = try await EchoServer.start(admission: admission)
        let client = try await EchoClient.connect(port: patient.port)
        #expect(await client.echo([1]) == [1])
        try await client.close()
    }
}

/// Connections and the descriptors of the process.
@Suite(.timeLimit(.minutes(5)))
struct DescriptorTests {
    @Test func descriptorsLimitWhateverElseIsAllowed() throws {
        let admission = ConnectionAdmission(maxConnections: 100, maxPerAddress: 0, handshakesPerSecond: 0)
        admission.limit(toDescriptors: 2)
        _ = try admission.admit(nil).get()
        #expect(admission.hasDescriptors(for: 1))
        #expect(!admission.hasDescriptors(for: 2))
        _ = try admission.admit(nil).get()
        #expect(throws: ConnectionRefusal.outOfDescriptors) { try admission.admit(nil).get() }
        #expect(admission.refusals == [.outOfDescriptors: 2])
    }

    @Test func theReserveHasBounds() {
        #expect(Descriptors.reserve(ofLimit: 24) == 16)
        #expect(Descriptors.reserve(ofLimit: 1024) == 128)
        #expect(Descriptors.reserve(ofLimit: 1 << 20) == 256)
    }
}
