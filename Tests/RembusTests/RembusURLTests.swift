import Testing

@testable import Rembus

/// The table of behaviour.md §3, column "is".
struct RembusURLTests {
    static let base = RembusURL(scheme: .ws, host: "hub", port: 9999)

    @Test(arguments: [
        ("ws://hub", true), ("tcp://10.0.0.1", true), ("zmq://[fe80::1]", true), ("mqtt://hub", true),
        ("ws://127.example.org", true), ("ws://0.0.0.0", true), ("wss://hub", false), ("tls://hub", false),
        ("mqtts://hub", false), ("ws://localhost", false), ("ws://LOCALHOST", false), ("tcp://127.0.1.1", false),
        ("mqtt://[::1]", false),
    ])
    func whoCanRead(_ text: String, _ isReadableByOthers: Bool) throws {
        #expect(try RembusURL(text).isReadableByOthers == isReadableByOthers)
    }

    @Test(arguments: [
        ("pump7", "ws://hub:9999/pump7"),
        ("a/b", "ws://hub:9999/a/b"),
        ("pump7.acme", "ws://hub:9999/pump7.acme"),
        ("a@b", "ws://hub:9999/a@b"),
        ("ws://h:9000/pump7", "ws://h:9000/pump7"),
        ("WS://h:9000/pump7", "ws://h:9000/pump7"),
        ("ws://h/pump7", "ws://h:9999/pump7"),
        ("ws://:9000/pump7", "ws://hub:9000/pump7"),
        ("ws:///pump7", "ws://hub:9999/pump7"),
        ("ws://h:9000", "ws://h:9000"),
        ("ws://h:9000/", "ws://h:9000"),
        ("ws://h:/x", "ws://h:9999/x"),
        ("ws://h/a/b/", "ws://h:9999/a/b"),
        ("wss://h/pump7.acme", "wss://h:9999/pump7.acme"),
        ("ws://h/pump7?x=1", "ws://h:9999/pump7"),
        ("ws://h?pool=true", "ws://h:9999"),
        ("ws://h/pump7#part", "ws://h:9999/pump7"),
        ("ws://[::1]:9000/x", "ws://[::1]:9000/x"),
        ("ws://[fe80::1]/x", "ws://[fe80::1]:9999/x"),
        ("mqtt://h", "mqtt://h:1883"),
        ("mqtts://h/x", "mqtts://h:8883/x"),
        ("tcp://h:1/x", "tcp://h:1/x"),
        ("tcp://h/x", "tcp://h:8339/x"),
        ("tls://h/x", "tls://h:8339/x"),
        ("zmq://h/x", "zmq://h:8340/x"),
        ("zmq://h:1/x", "zmq://h:1/x"),
        ("__noname__", "ws://hub:9999"),
        ("ws://h/__noname__", "ws://h:9999"),
    ])
    func form(_ text: String, _ expected: String) throws {
        #expect(try RembusURL(text, base: Self.base).description == expected)
    }

    /// The port of a base URL is of no use to another protocol.
    @Test(arguments: [
        ("tcp://hub:7000", "tcp://h/x", "tcp://h:7000/x"),
        ("tcp://hub:7000", "tls://h/x", "tls://h:7000/x"),
        ("tcp://hub:7000", "ws://h/x", "ws://h:8338/x"),
        ("tcp://hub:7000", "x", "tcp://hub:7000/x"),
        ("zmq://hub:7000", "zmq:///x", "zmq://hub:7000/x"),
        ("wss://hub:7000", "ws://h/x", "ws://h:7000/x"),
        ("mqtt://hub:7000", "mqtts://h/x", "mqtts://h:8883/x"),
        ("mqtt://hub:7000", "mqtt://h/x", "mqtt://h:7000/x"),
    ])
    func portOfTheBase(_ base: String, _ text: String, _ expected: String) throws {
        #expect(try RembusURL(text, base: RembusURL(base)).description == expected)
    }

    @Test func hostsOfIPv6HaveNoBrackets() throws {
        #expect(try RembusURL("ws://[::1]:9000/x").host == "::1")
    }

    @Test(arguments: [
        ("ws+unix:///run/rembus.sock", RembusURL(scheme: .ws, host: "/run/rembus.sock", port: 0)),
        ("ws+unix:///run/a b/x.sock:/pump7", RembusURL(scheme: .ws, host: "/run/a b/x.sock", port: 0, name: "pump7")),
        ("TCP+unix:///x:/a/b", RembusURL(scheme: .tcp, host: "/x", port: 0, name: "a/b")),
        ("mqtts+unix:///x:/", RembusURL(scheme: .mqtts, host: "/x", port: 0)),
    ])
    func socketsAreNamedByTheirPath(text: String, url: RembusURL) throws {
        #expect(try RembusURL(text) == url)
        #expect(try RembusURL(url.description) == url)
        #expect(!url.isReadableByOthers)
        // A name alone is one there.
        #expect(try RembusURL("me", base: url).description.hasSuffix("+unix://\(url.host):/me"))
    }

    @Test(arguments: [
        "ws+unix://", "ws+unix:///", "ws+unix://host/x", "ftp+unix:///x",
        "ws+unix:///\(String(repeating: "x", count: 107))",
    ])
    func socketsNeedAPath(text: String) {
        #expect(throws: RembusError.self) { try RembusURL(text) }
    }

    @Test func standardBase() throws {
        #expect(try RembusURL("pump7").description == "ws://127.0.0.1:8338/pump7")
    }

    @Test(arguments: [
        "", "h:9000/pump7", "localhost:8338", "repl://", "repl://x", "http://h/x", "://h/x", "ws://h:0/x",
        "ws://h:65536/x",
        "ws://h:x/y", "ws://h:-1/x", "ws://[::1/x", "ws://[::1]x/y", "ws://u@h/x", "ws://a b/x", "ws://h//x", "/x",
        "ws://h/repl", "__repl__", "a/../b", "..", "a\nb", String(repeating: "n", count: 256),
    ])
    func refused(_ text: String) {
        let error = #expect(throws: RembusError.self) { try RembusURL(text) }
        #expect(error?.code == .invalidURL)
        #expect(error?.message.hasSuffix(".") == true)
    }

    @Test func baseComesFromConfigurationThenEnvironment() throws {
        var configuration = ComponentConfiguration.test()
        #expect(try configuration.resolvedBase() == .standardBase)
        configuration.environment = ["REMBUS_BASE_URL": "ws://env:1"]
        #expect(try configuration.resolvedBase().description == "ws://env:1")
        configuration.baseURL = "ws://given:2"
        #expect(try configuration.resolvedBase().description == "ws://given:2")
        configuration.baseURL = "given:2"
        #expect(throws: RembusError.self) { try configuration.resolvedBase() }
    }
}
