import RembusWire
import Testing

@testable import Rembus

@Suite(.timeLimit(.minutes(5)))
struct ExposeTests {
    private func exposing(
        _ expose: @Sendable @escaping (Component) async throws -> Void
    ) async throws -> (FakePeer, Component) {
        let (_, peer, component) = try await FakeBroker.connected()
        async let exposed: Void = expose(component)
        let (_, command) = try await peer.nextCommand()
        #expect(command == .expose)
        try await exposed
        return (peer, component)
    }

    private func ask(_ peer: FakePeer, _ topic: String, _ arguments: [Value], id: UInt64 = 1) {
        peer.send(.request(.init(id: MessageID(littleEndian: id), topic: topic, arguments: arguments)))
    }

    @Test func typedClosuresAnswer() async throws {
        let (peer, component) = try await exposing { try await $0.expose("add") { (x: Int, y: Int) in x + y } }
        ask(peer, "add", [1, 2], id: 77)
        #expect(try await peer.next() == .response(.init(id: MessageID(littleEndian: 77), status: .ok, data: 3)))
        await component.close()
    }

    @Test func voidMethodsAnswerNull() async throws {
        let (peer, component) = try await exposing { try await $0.expose("log") { (_: String) in } }
        ask(peer, "log", ["hello"])
        #expect(try await peer.nextResponse().data == .null)
        await component.close()
    }

    @Test func rawMethodsTakeAnything() async throws {
        let (peer, component) = try await exposing { try await $0.exposeRaw("echo") { .array($0) } }
        ask(peer, "echo", [1, "x", [true]])
        #expect(try await peer.nextResponse().data == [1, "x", [true]])
        await component.close()
    }

    @Test func trailingOptionalsMayBeMissing() async throws {
        let (peer, component) = try await exposing {
            try await $0.expose("greet") { (name: String, title: String?) in "\(title ?? "")\(name)" }
        }
        ask(peer, "greet", ["Ada"])
        #expect(try await peer.nextResponse().data == "Ada")
        ask(peer, "greet", ["Ada", "Lady "])
        #expect(try await peer.nextResponse().data == "Lady Ada")
        await component.close()
    }

    @Test(arguments: [[1], [1, 2, 3], ["a", "b"]] as [[Value]])
    func wrongArgumentsAreStatus40(_ arguments: [Value]) async throws {
        let (peer, component) = try await exposing { try await $0.expose("add") { (x: Int, y: Int) in x + y } }
        ask(peer, "add", arguments)
        #expect(try await peer.nextResponse().status == .methodException)
        await component.close()
    }

    @Test func thrownErrorsAreStatus40WithText() async throws {
        struct Broken: Error, CustomStringConvertible { var description: String { "out of water" } }
        let (peer, component) = try await exposing { try await $0.expose("mix") { () -> Int in throw Broken() } }
        ask(peer, "mix", [])
        let response = try await peer.nextResponse()
        #expect(response.status == .methodException)
        #expect(response.data == "out of water")
        await component.close()
    }

    @Test func unknownMethodsAreStatus42() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        ask(peer, "nope", [])
        let response = try await peer.nextResponse()
        #expect(response.status == .methodNotFound)
        #expect(response.data.stringValue?.contains("`nope`") == true)
        await component.close()
    }

    @Test func requestsRunConcurrently() async throws {
        let gate = Mailbox<Int>()
        let (peer, component) = try await exposing {
            try await $0.expose("wait") { (index: Int) in
                // The first one waits for what the second one puts.
                if index == 2 { gate.put(2) }
                return index == 1 ? try await gate.next() + 10 : index
            }
        }
        ask(peer, "wait", [1], id: 1)
        ask(peer, "wait", [2], id: 2)
        // Which of the two answers goes first is open.
        let responses = try await [peer.nextResponse(), peer.nextResponse()]
        #expect(Set(responses.map(\.data)) == [2, 12])
        await component.close()
    }

    @Test func tooManyRequestsAreStatus43() async throws {
        let gate = Mailbox<Bool>()
        let (_, peer, component) = try await FakeBroker.connected(configuration: .test { $0.maxConcurrentRequests = 1 })
        async let exposed: Void = component.expose("wait") { () -> Bool in try await gate.next() }
        try await peer.nextCommand()
        try await exposed
        ask(peer, "wait", [], id: 1)
        ask(peer, "wait", [], id: 2)
        #expect(try await peer.nextResponse().status == .methodUnavailable)
        gate.put(true)
        #expect(try await peer.nextResponse().data == true)
        await component.close()
    }

    @Test func unexposeWithdraws() async throws {
        let (peer, component) = try await exposing { try await $0.exposeRaw("echo") { .array($0) } }
        async let withdrawn: Void = component.unexpose("echo")
        #expect(try await peer.nextCommand().1 == .unexpose)
        try await withdrawn
        ask(peer, "echo", [])
        #expect(try await peer.nextResponse().status == .methodNotFound)
        await component.close()
    }

    @Test func refusedExposeIsThrownAndForgotten() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let exposed = Task { try await component.exposeRaw("secret") { .array($0) } }
        try await peer.nextCommand(status: .error, data: "unauthorized")
        let error = await exposed.rembusError
        #expect(error?.status == .error)
        ask(peer, "secret", [])
        #expect(try await peer.nextResponse().status == .methodNotFound)
        await component.close()
    }

    @Test func idsOfAnyLengthAreEchoed() async throws {
        let (peer, component) = try await exposing { try await $0.exposeRaw("echo") { .array($0) } }
        let id = try #require(MessageID(bytes: Array(0..<16)))
        peer.send(.request(.init(id: id, topic: "echo")))
        #expect(try await peer.nextResponse().id == id)
        await component.close()
    }
}
