import Dispatch
import Foundation
import RembusWire
import Testing

@testable import Rembus

/// The façade on a thread of its own, as in a script.
@Suite(.timeLimit(.minutes(5)))
struct NodeTests {
    @Test func everythingWorksOnAnOrdinaryThread() async throws {
        let broker = try await FakeBroker.start()
        let url = broker.url("script")
        let received = Mailbox<Int>()
        let result = Mailbox<Result<Int, any Error>>()
        Thread.detachNewThread {
            result.put(
                Result {
                    let node = try Node(url, configuration: .test())
                    try node.subscribe("t") { message in
                        // Callbacks may call the node: they run on threads of their own.
                        try node.publish("seen", .integer(try message.decode(Int64.self)))
                        received.put(try message.decode(Int.self))
                    }
                    try node.expose("double") { (x: Int) in 2 * x }
                    let count = 3
                    try node.publish("t2", count, "x", qos: .atLeastOnce)
                    let sum: Int = try node.call("add", 1, 2)
                    node.close()
                    node.wait()
                    return sum
                })
        }
        let peer = try await broker.accept()
        try await peer.acceptLogin("script")
        #expect(try await peer.nextCommand().1 == .subscribe(messageFrom: 0))
        try await peer.nextCommand()
        #expect(try await peer.nextCommand() == ("double", .expose))
        let message = try await peer.nextPublish()
        #expect(message.arguments == [3, "x"])
        peer.publish("t", 41)
        #expect(try await received.next() == 41)
        #expect(try await peer.nextPublish().arguments == [41])
        peer.send(.request(.init(id: .random(), topic: "double", arguments: [4])))
        #expect(try await peer.nextResponse().data == 8)
        peer.send(.ack(try #require(message.id)))
        peer.answer(try await peer.nextRequest(), 3)
        #expect(try await result.next().get() == 3)
    }
}
