#if WITH_ZEROMQ
import Logging
import NIOCore
import NIOPosix
import RembusTransport
import Testing

@testable import RembusZeroMQ

@Suite struct RouterTests {
    private func id(_ bytes: [UInt8]) -> RoutingID { bytes.withUnsafeBytes { RoutingID($0) } }

    @Test func routingIDsAreTheirBytes() {
        let all: [[UInt8]] = [
            [], [0], [0, 0], [1], [0, 1, 2, 3, 4], [1, 2, 3, 4], [0, 0, 0, 0, 0, 0, 0], Array(repeating: 0, count: 8),
            Array(repeating: 255, count: 7), Array(repeating: 255, count: 8), Array(repeating: 1, count: 255),
        ]
        for (index, one) in all.enumerated() {
            for (other, two) in all.enumerated() { #expect((id(one) == id(two)) == (index == other)) }
        }
    }

    @Test func twoRoutersCannotHaveOnePort() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let first = try await Router.open(settings(group, port: 0))
        #expect(first.port > 0)
        await #expect(throws: IOError.self) { _ = try await Router.open(settings(group, port: first.port)) }
        await first.close()
        // A closed one gives its port back.
        let second = try await Router.open(settings(group, port: first.port))
        #expect(second.port == first.port)
        await second.close()
        try await group.shutdownGracefully()
    }

    @Test func aComponentAndARouterExchangeMessages() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let router = try await Router.open(settings(group, port: 0))
        let eventLoop = group.next()
        let heard = eventLoop.makePromise(of: [UInt8].self)
        let box = NIOLoopBoundBox<Link?>.makeEmptyBox(valueType: Link.self, eventLoop: eventLoop)
        let connection = try await Dealer.connect("localhost", router.port, on: eventLoop, LinkConfiguration()) {
            let link = Link(
                role: .client, group: LinkGroup(eventLoop: eventLoop), configuration: $1, remoteAddress: "test",
                delegate: Receiver(heard), sink: $0)
            box.value = link
            return link
        }
        let message: [UInt8] = [0x83, 0x01, 0x61, 0x74, 0x81, 0x05]
        try await eventLoop.submit {
            let link = box.value
            link?.sendBinary(length: message.count) { $0.copyMemory(from: message, byteCount: message.count) }
            link?.group.flush()
        }.get()
        #expect(try await heard.futureResult.get() == message)
        try await eventLoop.submit { box.value?.close(code: 1000, reason: "") }.get()
        try await connection.closeFuture.get()
        await router.close()
        try await group.shutdownGracefully()
    }

    /// A router whose connections send back what they hear.
    private func settings(_ group: MultiThreadedEventLoopGroup, port: Int) -> RouterSettings {
        RouterSettings(
            host: "127.0.0.1", port: port, eventLoops: Array(group.makeIterator()), link: LinkConfiguration(),
            logger: Logger(label: "test"),
            makeLink: { eventLoop, address, sink in
                Link(
                    role: .server, group: LinkGroup(eventLoop: eventLoop), configuration: LinkConfiguration(),
                    remoteAddress: address, delegate: Echo(), sink: sink)
            })
    }
}

private final class Echo: LinkDelegate {
    func link(_ link: Link, received bytes: UnsafeRawBufferPointer, kind: MessageKind, owner: ByteBuffer?) {
        link.sendBinary(length: bytes.count) { target in
            if let base = bytes.baseAddress { target.copyMemory(from: base, byteCount: bytes.count) }
        }
    }

    func linkReadCompleted(_ link: Link) {}
    func linkDrained(_ link: Link) {}
    func linkClosed(_ link: Link, reason: LinkCloseReason) {}
}

private final class Receiver: LinkDelegate {
    private let heard: EventLoopPromise<[UInt8]>

    init(_ heard: EventLoopPromise<[UInt8]>) { self.heard = heard }

    func link(_ link: Link, received bytes: UnsafeRawBufferPointer, kind: MessageKind, owner: ByteBuffer?) {
        heard.succeed(Array(bytes))
    }

    func linkReadCompleted(_ link: Link) {}
    func linkDrained(_ link: Link) {}
    func linkClosed(_ link: Link, reason: LinkCloseReason) {}
}
#endif
