import Rembus

/// Offers two methods and calls them: `swift run rpc [URL of the broker]`.
@main
struct RPC {
    struct NoSuchPlant: Error, CustomStringConvertible {
        var number: Int
        var description: String { "there is no plant \(number)" }
    }

    static func main() async throws {
        let broker = CommandLine.arguments.dropFirst().first ?? "ws://127.0.0.1:8338"
        let server = try await Component.connect("\(broker)/server")
        let client = try await Component.connect("\(broker)/client")

        try await server.expose("add") { (x: Int, y: Int) in x + y }
        try await server.expose("temperature") { (plant: Int) in
            guard plant == 7 else { throw NoSuchPlant(number: plant) }
            return 21.6
        }

        let sum: Int = try await client.call("add", 1, 2)
        print("1 + 2 = \(sum)")
        let temperature: Double = try await client.direct(target: "server", "temperature", 7)
        print("plant 7: \(temperature) °C")
        do {
            let _: Double = try await client.call("temperature", 8)
        } catch let error as RembusError {
            print(error.message)
        }

        await client.close()
        await server.close()
    }
}
