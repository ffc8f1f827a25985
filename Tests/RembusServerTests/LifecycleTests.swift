import Foundation
import Logging
import Rembus
import ServiceLifecycle
import TestSupport
import Testing

@testable import RembusBroker
@testable import RembusServer

extension ServerSuites {
    /// Servers begin and end, and leave nothing behind.
    struct LifecycleTests {
        let folder: TestFolder

        init() throws { folder = try TestFolder() }

        @Test("It answers, also for methods of the program, and has every address that was asked for")
        func answers() async throws {
            let server = try await RembusServer.make(in: folder) {
                $0.tcpPort = 0
                $0.gateways.mqttPort = 0
            }
            server.expose("double") { arguments in .integer(Int64(2 * (arguments.first?.intValue ?? 0))) }
            #expect(server.addresses == [])
            try await server.start()
            #expect(server.addresses.map { $0.prefix { $0 != ":" } } == ["ws", "tcp", "mqtt"])
            #expect(server.addresses.allSatisfy { !$0.hasSuffix(":0") })
            for scheme in ["ws", "tcp"] {
                let component = try await Component.connect("\(server.address(scheme))/c")
                let result: Int = try await component.call("double", 21)
                #expect(result == 42)
                await component.close()
            }
            await server.shutDown()
        }

        @Test("After the end the port and every file are free, and a second one goes on in the same folder")
        func secondStart() async throws {
            let port = try freePort()
            func make() async throws -> RembusServer {
                try await RembusServer.make(in: folder) {
                    $0.port = port
                    try $0.addTableAndHTTP(in: folder)
                    $0.gateways.mqttPort = 0
                }
            }
            // Kept: what is free must not depend on who still has a reference.
            let first = try await make()
            try await first.start()
            let other = try await RembusServer.make(in: TestFolder())
            await #expect(throws: BrokerError.self) { _ = try await make() }
            _ = try await request(
                "POST", "/publish/s1/telemetry?qos=1", #"[{"temperature": 21.5}]"#, at: first.address("http"))
            #expect(openFiles(below: folder.path) != [])
            await first.shutDown()
            #expect(openFiles(below: folder.path) == [])

            let second = try await make()
            try await second.start()
            let rows = try await request("GET", "/query_telemetry", at: second.address("http"))
            #expect(rows.contains("21.5"), "\(rows)")
            await second.shutDown()
            #expect(openFiles(below: folder.path) == [])
            await other.shutDown()
        }

        @Test("Without a journal too the folder is one server's at a time")
        func withoutJournal() async throws {
            func make() async throws -> RembusServer {
                try await RembusServer.make(in: folder) { $0.storage.record = ["none"] }
            }
            let first = try await make()
            await #expect(throws: BrokerError.self) { _ = try await make() }
            await first.shutDown()
            #expect(openFiles(below: folder.path) == [])
            await (try make()).shutDown()
        }

        @Test("One that was never started is ended all the same, once for all who ask")
        func unstarted() async throws {
            let server = try await RembusServer.make(in: folder)
            async let first: Void = server.shutDown()
            async let second: Void = server.shutDown()
            _ = await (first, second)
            #expect(openFiles(below: folder.path) == [])
            let error = await #expect(throws: BrokerError.self) { try await server.start() }
            #expect(error?.description.contains("make another one") == true)
        }

        @Test("Cancelling run() drains and frees", arguments: [true, false])
        func cancellation(isRunning: Bool) async throws {
            let server = try await RembusServer.make(in: folder)
            let running = Task { try await server.run() }
            if isRunning {
                try await server.start()
                let component = try await Component.connect("\(server.address("ws"))/c")
                running.cancel()
                // The broker says goodbye; the component tries again until it is closed.
                try await running.value
                await component.close()
            } else {
                running.cancel()
                try await running.value
            }
            #expect(openFiles(below: folder.path) == [])
        }

        @Test("A service group ends it in order, and shutDown() ends run()")
        func service() async throws {
            let server = try await RembusServer.make(in: folder)
            let group = ServiceGroup(services: [server], logger: .quiet)
            let running = Task { try await group.run() }
            try await server.start()
            await group.triggerGracefulShutdown()
            try await running.value
            #expect(openFiles(below: folder.path) == [])

            let other = try await RembusServer.make(in: folder)
            let second = Task { try await other.run() }
            try await other.start()
            await other.shutDown()
            try await second.value
        }

        @Test("Nothing in the process holds a broker that has ended")
        func memory() async throws {
            weak var core: BrokerCore?
            do {
                let server = try await RembusServer.make(in: folder) {
                    try $0.addTableAndHTTP(in: folder)
                    $0.gateways.mqttPort = 0
                    $0.tcpPort = 0
                }
                core = server.broker.core
                try await server.start()
                _ = try await request("GET", "/healthz", at: server.address("http"))
                await server.shutDown()
            }
            // What was on its way to a queue or a thread lets go a moment later.
            let deadline = ContinuousClock.now + .seconds(60)
            while core != nil, .now < deadline { try await Task.sleep(for: .milliseconds(20)) }
            #expect(core == nil)
        }

        @Test("Two servers in one process know nothing of each other, their metrics neither")
        func two() async throws {
            var servers: [RembusServer] = []
            for name in ["one", "two"] {
                let server = try await RembusServer.make(in: folder) {
                    $0.name = name
                    $0.gateways.httpPort = 0
                }
                try await server.start()
                servers.append(server)
            }
            _ = try await request("POST", "/publish/only/here?qos=1", "[1]", at: servers[0].address("http"))
            let texts = [
                try await request("GET", "/metrics", at: servers[0].address("http")),
                try await request("GET", "/metrics", at: servers[1].address("http")),
            ]
            #expect(texts[0].contains(#"broker_pub{topic="only/here"} 1"#))
            #expect(!texts[1].contains("only/here"))
            #expect(texts[1].contains("rembus_journal_appended_total 0"))
            for server in servers { await server.shutDown() }
        }
    }
}
