import Foundation
import Rembus
import TestSupport
import Testing

@testable import RembusServer

extension ServerSuites {
    /// What a server tells the program around it.
    struct EventTests {
        let folder: TestFolder

        init() throws { folder = try TestFolder() }

        private func start(
            _ change: (inout BrokerConfiguration) throws -> Void = { _ in }
        ) async throws -> (server: RembusServer, events: EventReader) {
            let server = try await RembusServer.make(in: folder, change)
            let events = EventReader(server.events(limit: 100_000))
            try await server.start()
            return (server, events)
        }

        @Test("A connection comes, says its name, wants and offers things, and goes")
        func connections() async throws {
            var (server, events) = try await start()
            let component = try await Component.connect("\(server.address("ws"))/pump.acme")
            let opened = try await events.first { kind -> BrokerConnection? in
                if case .connected(let connection) = kind { connection } else { nil }
            }
            #expect(opened.name == nil && opened.transport == .ws && opened.address.hasPrefix("127.0.0.1:"))
            let named = try await events.identified("pump.acme")
            #expect(named.number == opened.number && named.address == opened.address && named.since == opened.since)
            #expect(named.tenant == "acme" && !named.isProven && named.user == nil)

            _ = try await component.subscribe("t/**")
            try await events.wait(for: .subscribed(named, topic: "t/**"))
            try await component.expose("double") { (number: Int) in 2 * number }
            try await events.wait(for: .exposed(named, method: "double"))
            try await component.unexpose("double")
            try await events.wait(for: .unexposed(named, method: "double"))
            try await component.unsubscribe("t/**")
            try await events.wait(for: .unsubscribed(named, topic: "t/**"))
            await component.close()
            #expect(try await events.ending(of: "pump.acme").cause == .peer)
            await server.shutDown()
        }

        @Test("A name that is taken, and a connection that is none")
        func refusals() async throws {
            var (server, events) = try await start()
            let first = try await Component.connect("\(server.address("ws"))/meter")
            await #expect(throws: RembusError.self) { try await Component.connect("\(server.address("ws"))/meter") }
            let taken = try await events.refusal(.name)
            #expect(taken.name == "meter" && taken.connection?.name == nil && taken.text.contains("already connected"))
            _ = try await request("GET", "/", at: server.address("ws").replacing("ws://", with: "http://"))
            let none = try await events.refusal(.connection)
            #expect(none.text == "bad_request" && none.count == 1 && none.connection == nil && none.name == nil)
            await first.close()
            await server.shutDown()
        }

        @Test("Rules that change, and what they refuse")
        func rules() async throws {
            var (server, events) = try await start()
            let component = try await Component.connect("\(server.address("ws"))/meter")
            _ = try await events.identified("meter")
            // As an editor on this machine would.
            try folder.write("state/broker/trust.json", #"{"private_topics": ["vault"]}"#)
            try await events.wait(for: .rulesChanged)
            await #expect(throws: RembusError.self) { try await component.publish("vault", 1, qos: .atLeastOnce) }
            let refusal = try await events.refusal(.rights)
            #expect(refusal.topic == "vault" && refusal.name == "meter" && refusal.text.contains("may not publish"))
            await component.close()
            await server.shutDown()
        }

        @Test("A subscriber that does not read is slow until it has caught up")
        func slow() async throws {
            var (server, events) = try await start { $0.limits.maxBacklogBytes = 1 << 16 }
            let reader = try await Component.connect("\(server.address("ws"))/reader")
            let messages = try await reader.subscribe("t", buffer: .pausing(1))
            let connection = try await events.identified("reader")
            let writer = try await Component.connect("\(server.address("ws"))/writer")
            let load = String(repeating: "x", count: 256 << 10)
            // More than sockets hold, less than the store.
            let count = 120
            for _ in 0..<count { try await writer.publish("t", Value.text(load), qos: .atLeastOnce) }
            try await events.wait(for: .slow(connection, topic: "t"))
            var received = 0
            for await _ in messages {
                received += 1
                if received == count { break }
            }
            try await events.wait(for: .caughtUp(connection))
            await reader.close()
            await writer.close()
            await server.shutDown()
        }

        @Test("Messages that are dropped are counted, with the reason")
        func drops() async throws {
            var (server, events) = try await start { $0.limits.maxTopicBytes = 8 }
            let component = try await Component.connect("\(server.address("ws"))/meter")
            for _ in 0..<3 { try await component.publish("much/too/long", 1) }
            await #expect(throws: RembusError.self) { try await component.flush() }
            var count = 0
            while count < 3 {
                count += try await events.first { kind -> Int? in
                    if case .dropped(let drop) = kind, drop.reason == .topic { drop.count } else { nil }
                }
            }
            #expect(count == 3)
            await component.close()
            await server.shutDown()
        }

        @Test("Old publications go, tables are tidied up")
        func storage() async throws {
            var (server, events) = try await start {
                try $0.addTableAndHTTP(in: folder)
                $0.storage.record = ["all,age=1s"]
                $0.storage.archiverInterval = .milliseconds(20)
                $0.storage.maintenanceInterval = .milliseconds(100)
            }
            let component = try await Component.connect("\(server.address("ws"))/meter")
            for number in 0..<3 { try await component.publish("s1/other", number, qos: .atLeastOnce) }
            try await component.publish("s1/telemetry", ["temperature": 20.5], qos: .atLeastOnce)
            var steps: Set<String> = []
            var gone = 0
            while gone < 4 || !steps.contains("flush") {
                gone += try await events.first { kind -> Int? in
                    switch kind {
                    case .maintenance(let work):
                        #expect(work.count > 0 && work.failures == 0 && work.seconds > 0)
                        steps.insert(work.step)
                        return 0
                    case .retention(let retention):
                        #expect(retention.place == .lake)
                        return retention.publications
                    default: return nil
                    }
                }
            }
            #expect(gone == 4)
            #expect(await server.status().lake?.expired == 4)
            await component.close()
            await server.shutDown()
        }

        @Test("A slow reader loses the oldest events, and learns how many")
        func missed() async throws {
            let (server, all) = try await start()
            var (everything, few) = (all, EventReader(server.events(limit: 3)))
            let component = try await Component.connect("\(server.address("ws"))/meter")
            for number in 0..<10 { _ = try await component.subscribe("t/\(number)") }
            let connection = try await everything.identified("meter")
            try await everything.wait(for: .subscribed(connection, topic: "t/9"))
            // Connected, identified and ten subscriptions, of which three fit; readiness has not changed.
            #expect(await few.next()?.kind == .missed(9))
            for number in 7..<10 {
                #expect(await few.next()?.kind == .subscribed(connection, topic: "t/\(number)"))
            }
            // Nothing is missed any more.
            _ = try await component.subscribe("last")
            #expect(await few.next()?.kind == .subscribed(connection, topic: "last"))
            await component.close()
            await server.shutDown()
        }

        @Test("A stop is told, then that everybody was sent away, and then the sequence ends")
        func end() async throws {
            var (server, events) = try await start()
            let component = try await Component.connect("\(server.address("ws"))/meter")
            _ = try await events.identified("meter")
            await server.shutDown()
            try await events.wait(for: .readinessChanged([.stopping]))
            #expect(try await events.ending(of: "meter").cause == .stopping)
            while await events.next() != nil {}
            var late = EventReader(server.events())
            #expect(await late.next() == nil)
            await component.close()
        }

        @Test("The sequence of a server that cannot start ends too")
        func failedStart() async throws {
            let port = try freePort()
            let first = try await RembusServer.make(in: TestFolder()) { $0.port = port }
            try await first.start()
            let second = try await RembusServer.make(in: folder) { $0.port = port }
            var events = EventReader(second.events())
            await #expect(throws: BrokerError.self) { try await second.start() }
            #expect(await events.next() == nil)
            await second.shutDown()
            await first.shutDown()
        }

        @Test("Cancelling the task that reads ends its loop")
        func cancellation() async throws {
            let (server, _) = try await start()
            let events = server.events()
            let reading = Task {
                var count = 0
                for await _ in events { count += 1 }
                return count
            }
            reading.cancel()
            #expect(await reading.value == 0)
            await server.shutDown()
        }
    }
}
