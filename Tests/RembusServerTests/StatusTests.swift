import Foundation
import Rembus
import TestSupport
import Testing

@testable import RembusServer

extension ServerSuites {
    /// What a server says of itself.
    struct StatusTests {
        let folder: TestFolder

        init() throws { folder = try TestFolder() }

        /// Asks until `isThere` holds; the suite's time limit ends a wait in vain.
        private func wait(
            for server: RembusServer, until isThere: (BrokerStatus) -> Bool
        ) async throws -> BrokerStatus {
            while true {
                let status = await server.status()
                if isThere(status) { return status }
                try await Task.sleep(for: .milliseconds(20))
            }
        }

        @Test("Who is there, what they want and offer, and what of it can be called")
        func components() async throws {
            let server = try await RembusServer.make(in: folder) { $0.tcpPort = 0 }
            #expect(await server.status().addresses == [])
            try await server.start()
            server.expose("unit") { _ in .text("°C") }
            let meter = try await Component.connect("\(server.address("ws"))/meter.acme")
            let nobody = try await Component.connect(server.address("tcp"))
            _ = try await meter.subscribe("a/*")
            _ = try await meter.subscribe("b")
            try await meter.expose("double") { (number: Int) in 2 * number }
            try await nobody.expose("double") { (number: Int) in 3 * number }

            let status = await server.status()
            #expect(status.name == "broker" && status.version == RembusVersion.current && status.uptime > 0)
            #expect(status.addresses == server.addresses && status.unready == [])
            #expect(status.connectionCount == 2 && status.namedCount == 1 && status.subscriptionCount == 2)
            #expect(status.memory.limit > 0 && status.inFlight == 0)
            let (first, second) = (try #require(status.components.first), try #require(status.components.last))
            #expect(first.connection.name == "meter.acme" && first.connection.tenant == "acme")
            #expect(first.connection.transport == .ws && first.connection.since <= status.time)
            #expect(first.subscriptions == ["a/*", "b"] && first.subscriptionCount == 2 && first.isReactive)
            #expect(first.methods == ["double"] && first.methodCount == 1 && !first.isSlow)
            #expect(second.connection.name == nil && second.connection.transport == .tcp)
            #expect(second.connection.number > first.connection.number)
            let double = try #require(status.methods.first { $0.topic == "double" })
            #expect(!double.isBrokers && double.providers == ["meter.acme", nil])
            #expect(status.methods.first { $0.topic == "unit" }?.isBrokers == true)

            let short = await server.status(listing: 1)
            #expect(short.components.count == 1 && short.connectionCount == 2 && short.methods.count == 1)

            let coded = try JSONDecoder().decode(BrokerStatus.self, from: JSONEncoder().encode(status))
            #expect(coded.components == status.components && coded.methods == status.methods)
            await meter.close()
            await nobody.close()
            await server.shutDown()
            let after = await server.status()
            #expect(after.connectionCount == 0 && after.components == [] && after.unready == [.stopping])
        }

        @Test("Topics with their number, rate and a recent value, from the first status on")
        func topics() async throws {
            let server = try await RembusServer.make(in: folder)
            try await server.start()
            let meter = try await Component.connect("\(server.address("ws"))/meter")
            // Along a route that is counted for nobody yet.
            try await meter.publish("t", 1, qos: .atLeastOnce)
            #expect(await server.status().topics.allSatisfy { $0.name != "t" && $0.value == nil })
            try await meter.publish("t", ["v": 2], qos: .atLeastOnce)
            try await meter.publish("large", Value.text(String(repeating: "x", count: 2000)), qos: .atLeastOnce)
            let status = await server.status()
            let topic = try #require(status.topics.first { $0.name == "t" })
            #expect(topic.published == 1 && topic.value == #"[{"v":2}]"#)
            #expect(topic.valueTime.map { $0 <= status.time } == true)
            #expect(status.topics.first { $0.name == "large" }.map { $0.published == 1 && $0.value == nil } == true)
            // A later second has another sample, on the same route.
            var count: UInt64 = 1
            var next = topic
            while next.value != #"[{"v":3}]"# || next.rate ?? 0 <= 0 {
                try await meter.publish("t", ["v": 3], qos: .atLeastOnce)
                count += 1
                next = try #require(await server.status().topics.first { $0.name == "t" })
                #expect(next.published == count)
                try await Task.sleep(for: .milliseconds(20))
            }
            await meter.close()
            await server.shutDown()
        }

        @Test("Figures of journal and tables")
        func storage() async throws {
            let server = try await RembusServer.make(in: folder) {
                try $0.addTableAndHTTP(in: folder)
                $0.storage.archiverInterval = .milliseconds(20)
            }
            try await server.start()
            let meter = try await Component.connect("\(server.address("ws"))/meter")
            try await meter.publish("s1/telemetry", ["temperature": 20.5], qos: .atLeastOnce)
            try await meter.publish("s1/telemetry", ["temperature": "much"], qos: .atLeastOnce)
            let status = try await wait(for: server) { $0.lake?.messages == 2 && $0.lake?.lagBytes == 0 }
            let (journal, lake) = (try #require(status.journal), try #require(status.lake))
            #expect(journal.appended == 2 && journal.writtenBytes > 0 && journal.syncs > 0 && journal.files > 0)
            #expect(journal.failure == nil && journal.shedByPressure == 0 && journal.removedFiles == 0)
            #expect(lake.rows == ["telemetry": 1] && lake.rejected == ["telemetry": 1] && lake.failure == nil)
            #expect(lake.commits > 0 && lake.commitSeconds > 0)
            await meter.close()
            await server.shutDown()
        }
    }
}
