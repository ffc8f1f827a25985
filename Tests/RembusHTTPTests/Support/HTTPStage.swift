import NIOCore
import NIOEmbedded
import RembusBroker
import RembusMetrics
import RembusTesting
import RembusWire
import Testing

@testable import RembusHTTP

/// A broker in process with its HTTP gateway: components on one side, HTTP clients on the other, on a clock that stands still.
/// Only what accepts connections is missing.
final class HTTPStage {
    let broker: InProcessBroker
    private let connections: HTTPConnections
    private var clients = 0

    /// How many event loops: one, and more, for the paths between them.
    static let loops = [1, 3]

    init(loops: Int = 1, _ adjust: (inout BrokerConfiguration) -> Void = { _ in }) throws {
        broker = try InProcessBroker {
            $0.threads = loops
            adjust(&$0)
        }
        let host = broker.broker.gatewayHost(on: ManualLoopGroup(broker.loops))
        connections = HTTPConnections(
            environment: HTTPEnvironment(host: host, metrics: PrometheusRegistry()))
    }

    /// The name of the broker, which the method `rid` answers with.
    var name: Value { .text(broker.configuration.name) }

    /// A connection to the gateway, each on the event loop before that of the one before: components go the other way round.
    func client() throws -> HTTPClient {
        clients += 1
        let loop = broker.loops[broker.loops.count - 1 - (clients - 1) % broker.loops.count]
        let channel = EmbeddedChannel(loop: loop.embedded)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        try connections.prepare(channel, connections.environment.pool(of: loop))
        return HTTPClient(broker, channel)
    }

    /// One request on a connection of its own.
    @discardableResult
    func request(
        _ method: String, _ path: String, _ body: String? = nil, _ headers: [String: String] = [:]
    ) throws -> HTTPAnswer {
        try client().request(method, path, body, headers)
    }

    func get(_ path: String, _ body: String? = nil, _ headers: [String: String] = [:]) throws -> HTTPAnswer {
        try request("GET", path, body, headers)
    }

    @discardableResult
    func post(_ path: String, _ body: String? = nil, _ headers: [String: String] = [:]) throws -> HTTPAnswer {
        try request("POST", path, body, headers)
    }

    /// One request that becomes a call, which `provider` answers: with its arguments in an array unless `reply` says otherwise.
    func call(
        _ method: String, _ path: String, _ body: String? = nil, _ headers: [String: String] = [:],
        at provider: InProcessPeer, _ reply: (Message.Request) -> Value = { [.array($0.arguments)] }
    ) throws -> HTTPAnswer {
        let client = try client()
        client.send(HTTPClient.text(method, path, body, headers))
        let call = try provider.nextCall()
        provider.answer(call, reply(call))
        return try client.read()
    }

    /// A component that exposes methods.
    func provider(_ name: String = "provider", _ methods: String...) throws -> InProcessPeer {
        let peer = try broker.connect(name)
        for method in methods { try peer.expose(method) }
        return peer
    }

    /// A component with subscriptions, which deliveries come to.
    func subscriber(_ name: String = "subscriber", to topics: String...) throws -> InProcessPeer {
        let peer = try broker.connect(name)
        try peer.startDeliveries()
        for topic in topics { try peer.subscribe(topic) }
        return peer
    }

    /// The broker still serves others.
    func expectService(at location: SourceLocation = #_sourceLocation) throws {
        #expect(try get("/rid").json == name, sourceLocation: location)
    }
}

/// Bytes of a path in which nothing is left that means something.
func percentEncoded(_ text: String, keeping kept: String = "") -> String {
    text.utf8.map { byte in
        let character = Character(UnicodeScalar(byte))
        let isPlain = byte < 0x80 && (character.isLetter || character.isNumber || kept.contains(character))
        return isPlain ? String(character) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
}
