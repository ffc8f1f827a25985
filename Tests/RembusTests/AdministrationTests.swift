import Foundation
import RembusWire
import Testing

@testable import Rembus

/// Admin commands (protocol.md §8).
@Suite(.timeLimit(.minutes(5)))
struct AdministrationTests {
    @Test func commandsHaveTheirFormOnTheWire() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        async let done: Void = {
            try await component.makePrivate("t")
            try await component.authorize("pump7", "t")
            try await component.unauthorize("pump7", "t")
            try await component.makePublic("t")
        }()
        #expect(try await peer.nextCommand() == ("t", .privateTopic))
        #expect(try await peer.nextCommand() == ("t", .authorize("pump7")))
        #expect(try await peer.nextCommand() == ("t", .unauthorize("pump7")))
        #expect(try await peer.nextCommand() == ("t", .publicTopic))
        try await done
        await component.close()
    }

    @Test(arguments: MessageEncoding.allCases)
    func anyCommandCanBeSent(_ encoding: MessageEncoding) async throws {
        let (_, peer, component) = try await FakeBroker.connected(configuration: .test { $0.encoding = encoding })
        async let result = component.admin(
            "grant", topic: "plant/*", fields: ["cid": "pump7", "actions": ["publish"], "cmd": "shutdown"])
        guard case .admin(let part) = try await peer.next() else { throw FakePeer.UnexpectedMessage() }
        #expect(part.topic == "plant/*")
        #expect(part.data == ["cmd": "grant", "actions": ["publish"], "cid": "pump7"])
        peer.answer(part.id, .ok, ["done": true])
        #expect(try await result == ["done": true])

        async let connections = component.admin("connections")
        #expect(try await peer.nextCommand(data: []) == ("__config__", .other("connections")))
        #expect(try await connections == [])
        await component.close()
    }

    @Test func refusalsNameTheCommand() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let done = Task { try await component.makePrivate("t") }
        try await peer.nextCommand(status: .error)
        let error = await done.rembusError
        #expect(
            error?.message == "The broker refused the command private_topic on `t` (10) without a reason; see its log.")
        let unknown = Task { try await component.admin("levitate") }
        try await peer.nextCommand(status: .unknownAdminCommand)
        let second = await unknown.rembusError
        #expect(second?.status == .unknownAdminCommand)
        #expect(second?.message.contains("levitate") == true)
        await component.close()
    }

    @Test func scriptsHaveTheSame() async throws {
        let folder = KeyFolder()
        let broker = try await FakeBroker.start()
        let url = broker.url("script")
        let finished = Mailbox<Result<Value, any Error>>()
        Thread.detachNewThread {
            finished.put(
                Result {
                    try Node.register(url, pin: "x", configuration: .test(folder))
                    let node = try Node(url, configuration: .test(folder))
                    defer { node.close() }
                    try node.makePrivate("t")
                    try node.authorize("a", "t")
                    try node.unauthorize("a", "t")
                    try node.makePublic("t")
                    let result = try node.admin("broker_config")
                    try node.unregister()
                    return result
                })
        }
        let registrar = try await broker.accept()
        registrar.answer(try await registrar.nextRegister().id, .ok)
        let peer = try await broker.accept()
        try await peer.challengeIdentity([1])
        peer.answer(try await peer.nextAttestation().id, .ok)
        for _ in 0..<4 { try await peer.nextCommand() }
        try await peer.nextCommand(data: 7)
        guard case .unregister(let id) = try await peer.next() else { throw FakePeer.UnexpectedMessage() }
        peer.answer(id, .ok)
        #expect(try await finished.next().get() == 7)
        #expect(folder.content("script/.secret") == nil)
    }
}
