import NIOCore
import RembusTransport
import RembusWire
import TestSupport
import Testing

@testable import Rembus

/// Errors say what, why, and what to do; once, and without the names of libraries.
@Suite(.timeLimit(.minutes(5)))
struct ErrorTextTests {
    static let answers: [(StatusCode, Value, String)] = [
        (.methodException, "no plant 8", "`add` failed (40): no plant 8."),
        (.methodException, "No plant 8.", "`add` failed (40): No plant 8."),
        (.methodException, .null, "`add` failed (40), without a reason; see the log of its provider."),
        (
            .methodArgsError, "too few",
            "`add` does not take these arguments (41): too few. Check their number, order and types."
        ),
        (
            .methodNotFound, "add",
            "No component offers method `add` (42). Check the name, or start its provider."
        ),
        (.methodUnavailable, "add", "`add` has a provider, but it is offline (43). Start it, then retry."),
        (.methodUnavailable, "exposer disconnected", "`add` is unavailable (43): exposer disconnected."),
        (.methodUnavailable, "The provider left (43). Retry.", "The provider left (43). Retry."),
        (.methodLoopback, "add", "You called your own method `add` (44). Call it from another component."),
        (.targetNotFound, "pump", "This broker does not know the component `pump` (45). Check the name of the target."),
        (.targetDown, "pump", "The component `pump` is known, but offline (46). Start it, then retry."),
        (.error, "unauthorized", "The broker refused the call of `add` (10): unauthorized."),
        (99, .null, "The broker refused the call of `add` (99) without a reason; see its log."),
    ]

    @Test(arguments: answers)
    func answersOfPeers(_ status: StatusCode, _ data: Value, _ sentence: String) {
        let error = RembusError(status, data: data, subject: .call("add"))
        #expect(error.message == sentence)
        #expect("\(error)" == sentence)
        #expect(error.status == status)
    }

    @Test func whatDoesNotDecodeNamesThePlace() throws {
        struct Reading: Decodable {
            var temperature: Double
        }
        struct Batch: Decodable {
            var readings: [Reading]
        }
        func message(_ value: Value) -> String? {
            #expect(throws: RembusError.self) { _ = try value.decode(Batch.self, what: "Argument 1") }?.message
        }
        let rest = "Ask for another type, or for `Value`, which takes everything."
        #expect(message([:]) == "Argument 1 is no `Batch`: the key `readings` is missing. \(rest)")
        #expect(
            message(["readings": [["temperature": "hot"]]])
                == "Argument 1 is no `Batch`: `readings[0].temperature`: expected Double but found a text. \(rest)")
        #expect(
            message(["readings": [[:]]])
                == "Argument 1 is no `Batch`: the key `readings[0].temperature` is missing. \(rest)")
    }

    /// What a dial fails with, whatever it is, leaks no type of a library.
    @Test(arguments: ["ws", "tcp", "mqtt", "wss", "tls", "mqtts"])
    func noConnection(_ scheme: String) async throws {
        let port = try freePort()
        let texts = [
            await failure("\(scheme)://127.0.0.1:\(port)/a"),
            await failure("\(scheme)://no-such-host.invalid:\(port)/a"),
        ]
        let place = "Cannot connect to \(scheme)://"
        #expect(texts[0].hasPrefix("\(place)127.0.0.1:\(port): connection refused; is a"))
        #expect(
            texts[1] == "\(place)no-such-host.invalid:\(port): the host name cannot be resolved; check its spelling.")
    }

    /// A peer of another protocol, and one that hangs up.
    @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", ""])
    func otherProtocols(_ greeting: String) async throws {
        let port = try await TalkingPeer.start(greeting)
        for scheme in ["ws", "wss", "mqtt", "mqtts", "tls"] {
            let text = await failure("\(scheme)://127.0.0.1:\(port)/a")
            #expect(text.hasPrefix("Cannot connect to \(scheme)://127.0.0.1:\(port): "), "\(text)")
            for leak in ["NIO", "Error", "Failure", "(target", "HTTPParser", "errno", "BoringSSL", "unexpected way"] {
                #expect(!text.contains(leak), "\(text)")
            }
            // Once, and one sentence.
            #expect(text.components(separatedBy: "127.0.0.1").count == 2, "\(text)")
            #expect(text.hasSuffix("."), "\(text)")
        }
    }

    private func failure(_ url: String) async -> String {
        let error = await #expect(throws: RembusError.self) {
            try await Component.connect(url, configuration: .test())
        }
        #expect(error?.code == .connectionDown)
        return error.map { "\($0)" } ?? ""
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [Substring] {
        var (parts, rest): ([Substring], Substring) = ([], self[...])
        while let range = rest.firstRange(of: separator) {
            parts.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return parts + [rest]
    }
}
