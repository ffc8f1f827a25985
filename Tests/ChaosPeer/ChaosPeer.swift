import Foundation
import Rembus

/// A component with one task that reports every outcome as a line, for tests of what the network between it and its
/// broker may do (`Tests/Interop/test_chaos.py`, `test_soak.py`).
///
/// ```
/// chaos-peer publish   URL TOPIC QOS COUNT INTERVAL-MS WINDOW    ack N | fail N CODE …, end
/// chaos-peer subscribe URL TOPIC now|last                        got PUBLISHER N …
/// chaos-peer serve     URL METHOD                                ran CALLER N …
/// chaos-peer call      URL METHOD COUNT INTERVAL-MS WINDOW       ok N RESULT | error N CODE STATUS …, end
/// ```
/// Every role prints `ready` once it is connected. Time-outs come from the environment, as for every component.
@main
@MainActor
struct ChaosPeer {
    private static let usage = "usage: chaos-peer publish|subscribe|serve|call URL TOPIC …"

    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count >= 3 else { throw Failure(usage) }
        let (role, topic) = (arguments[0], arguments[2])
        let numbers = arguments.dropFirst(3).compactMap { Int($0) }
        let component = try await Component.connect(arguments[1], configuration: configuration)
        say("ready")
        switch (role, numbers.count) {
        case ("publish", 4):
            guard let qos = UInt8(exactly: numbers[0]).flatMap(QoS.init(rawValue:)) else { throw Failure(usage) }
            await publish(on: component, topic, qos, Pace(numbers[1...]))
        case ("call", 3): await call(on: component, topic, Pace(numbers[...]))
        case ("subscribe", 0):
            try await subscribe(component, to: topic, from: arguments.last == "last" ? .lastReceived : .now)
        case ("serve", 0): try await serve(topic, on: component)
        default: throw Failure(usage)
        }
        await component.close()
    }

    private static var configuration: ComponentConfiguration {
        ComponentConfiguration {
            $0.startAnyway = true
            // Tests lose a connection every few moments and have little time.
            $0.reconnect = ReconnectPolicy(minimumDelay: .milliseconds(20), maximumDelay: .milliseconds(300))
        }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// Writes one line at once: the test reads it while the program runs.
    static func say(_ line: String) {
        FileHandle.standardOutput.write(Data("\(line)\n".utf8))
    }
}

/// How much is done, and how fast.
struct Pace {
    let count: Int
    let interval: Duration
    /// How many may be under way at a time.
    let window: Int

    init(_ numbers: ArraySlice<Int>) {
        let numbers = Array(numbers)
        (count, interval, window) = (numbers[0], .milliseconds(numbers[1]), max(numbers[2], 1))
    }
}
