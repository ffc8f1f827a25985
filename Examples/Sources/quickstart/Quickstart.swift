import Rembus

/// Publishes three readings and receives them: `swift run quickstart [URL of the broker]`.
@main
struct Quickstart {
    struct Reading: Codable, Sendable {
        var temperature: Double
        var pressure: Double?
    }

    static func main() async throws {
        let broker = CommandLine.arguments.dropFirst().first ?? "ws://127.0.0.1:8338"
        let collector = try await Component.connect("\(broker)/collector")
        let plant = try await Component.connect("\(broker)/plant7")

        let telemetry = try await collector.subscribe("plant/*/telemetry")
        for temperature in [21.6, 21.9, 22.4] {
            try await plant.publish(
                "plant/7/telemetry", Reading(temperature: temperature, pressure: 980), qos: .atLeastOnce)
        }

        var count = 0
        for await message in telemetry {
            let reading = try message.decode(Reading.self)
            print("\(message.topic): \(reading.temperature) °C")
            count += 1
            if count == 3 { break }
        }

        await plant.close()
        await collector.close()
    }
}
