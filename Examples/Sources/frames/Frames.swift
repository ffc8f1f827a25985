import Rembus

/// Sends and answers with dataframes, no tables needed: `swift run frames [URL of the broker]`.
@main
struct Frames {
    struct Reading: Codable {
        var dn: String
        var temperature: Double?
    }

    static func main() async throws {
        let broker = CommandLine.arguments.dropFirst().first ?? "ws://127.0.0.1:8338"
        let server = try await Component.connect("\(broker)/frames-server")
        let client = try await Component.connect("\(broker)/frames-client")

        // A method that takes a frame and gives one back.
        try await server.expose("hottest") { (frame: DataFrame, count: Int) in
            try frame.sorted(by: .descending("temperature")).head(count)
        }

        let readings = [
            Reading(dn: "s1", temperature: 21.5), Reading(dn: "s2", temperature: nil),
            Reading(dn: "s3", temperature: 30),
        ]
        let frame = try DataFrame(rows: readings)
        let hottest: DataFrame = try await client.call("hottest", frame, 2)
        print(hottest)

        let temperatures = try hottest["temperature", as: Double.self].compactMap(\.self)
        print("mean: \(temperatures.reduce(0, +) / Double(temperatures.count))")
        for reading in try hottest.decode(rows: Reading.self) {
            print("\(reading.dn): \(reading.temperature ?? .nan) °C")
        }
        print(hottest.csvText, terminator: "")

        await client.close()
        await server.close()
    }
}
