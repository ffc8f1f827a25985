import RembusTesting
import RembusWire

@testable import RembusHTTP

/// A gateway with a component whose methods are those of the examples of JSON-RPC, and some more.
struct JSONRPCStage {
    let http: HTTPStage
    private let provider: InProcessPeer

    init(loops: Int = 1) throws {
        http = try HTTPStage(loops: loops)
        provider = try http.provider("provider", "sum", "get_data", "subtract", "echo", "fail")
    }

    /// Sends a body, and answers every call that comes of it.
    func send(_ body: String) throws -> HTTPAnswer {
        let client = try http.client()
        client.send(HTTPClient.text("POST", "/", body))
        for message in try provider.receive() {
            guard case .request(let call) = message else { continue }
            let (data, status) = Self.reply(to: call)
            provider.answer(call, data, status: status)
        }
        return try client.read()
    }

    private static func reply(to call: Message.Request) -> (Value, StatusCode) {
        let numbers = call.arguments.compactMap(number)
        switch call.topic {
        case "sum": return (.integer(numbers.reduce(0, +)), .ok)
        case "get_data": return (["hello", 5], .ok)
        case "subtract":
            if let (minuend, subtrahend) = named(call.arguments.first) { return (.integer(minuend - subtrahend), .ok) }
            return (.integer(numbers[0] - numbers[1]), .ok)
        case "echo": return ([.array(call.arguments)], .ok)
        default: return ("out of order", .methodException)
        }
    }

    private static func number(_ value: Value) -> Int64? {
        if case .integer(let number) = value { number } else { nil }
    }

    private static func named(_ value: Value?) -> (Int64, Int64)? {
        guard let value, let minuend = value["minuend"].flatMap(number),
            let subtrahend = value["subtrahend"].flatMap(number)
        else { return nil }
        return (minuend, subtrahend)
    }
}
