import Logging
import RembusTransport
import RembusWire
import ServiceLifecycle
import Testing

@testable import Rembus

@Suite(.timeLimit(.minutes(5)))
struct ServiceTests {
    @Test func gracefulShutdownCloses() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let group = ServiceGroup(
            services: [component], logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let running = Task { try await group.run() }
        await group.triggerGracefulShutdown()
        try await running.value
        #expect(component.state == .closed(nil))
        #expect(try await peer.closed().code == 1000)
    }

    @Test func runThrowsWhenTheBrokerEndsTheComponent() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let running = Task { try await component.run() }
        peer.close(code: 4000, reason: "overwritten")
        #expect(await running.rembusError?.code == .closed)
    }
}
