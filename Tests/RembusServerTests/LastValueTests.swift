import Rembus
import TestSupport
import Testing

@testable import RembusBroker
@testable import RembusServer

extension ServerSuites {
    /// Last values as programs see them.
    struct LastValueTests {
        let folder: TestFolder

        init() throws { folder = try TestFolder() }

        @Test("Between the last value and what is live nothing is missing and nothing comes twice")
        func noGap() async throws {
            let server = try await RembusServer.make(in: folder) {
                $0.threads = 3
                $0.storage.lastValues = ["count/*"]
            }
            try await server.start()
            let publisher = try await Component.connect("\(server.address("ws"))")
            let counting = Task {
                var number = 0
                while !Task.isCancelled {
                    number += 1
                    try await publisher.publish("count/up", number)
                }
            }
            for round in 0..<40 {
                let reader = try await Component.connect("\(server.address("ws"))")
                let subscription = try await reader.subscribe(round % 2 == 0 ? "count/up" : "count/*", from: .lastValue)
                var last: Int?
                var seen = 0
                for await message in subscription {
                    let number = try message.decode(Int.self)
                    if let last { #expect(number == last + 1) }
                    last = number
                    seen += 1
                    if seen == 20 { break }
                }
                #expect(seen == 20)
                await reader.close()
            }
            counting.cancel()
            _ = try? await counting.value
            await publisher.close()
            await server.shutDown()
        }

        @Test("They outlive the server")
        func restart() async throws {
            func make() async throws -> RembusServer {
                try await RembusServer.make(in: folder) { $0.storage.lastValues = ["t"] }
            }
            let first = try await make()
            try await first.start()
            let publisher = try await Component.connect("\(first.address("ws"))")
            try await publisher.publish("t", 42, qos: .atLeastOnce)
            await publisher.close()
            await first.shutDown()

            let second = try await make()
            try await second.start()
            let reader = try await Component.connect("\(second.address("ws"))")
            let subscription = try await reader.subscribe("t", from: .lastValue)
            var messages = subscription.makeAsyncIterator()
            #expect(try await messages.next()?.decode(Int.self) == 42)
            await reader.close()
            await second.shutDown()
        }
    }
}
