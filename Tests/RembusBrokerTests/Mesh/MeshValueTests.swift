import NIOCore
import RembusWire
import Testing

@testable import RembusBroker

/// What is needed to take a publication once that comes from other brokers.
@Suite("Publications between brokers")
struct MeshValueTests {
    private func bytes<Result>(_ message: Message, _ body: (FrameHeader, UnsafeRawBufferPointer) -> Result) -> Result? {
        var buffer = ByteBuffer()
        message.encodeCBOR(into: &buffer)
        return buffer.withUnsafeReadableBytes { bytes in
            guard case .regular(let header) = FrameHeader.parse(bytes) else { return nil }
            return body(header, bytes)
        }
    }

    @Test("A trailer is read as it was written", arguments: [true, false])
    func trailer(isPast: Bool) {
        let trailer = MeshTrailer(origin: 7 << 40, receivedAt: .max, hops: 3, isPast: isPast)
        var buffer = [UInt8](repeating: 0, count: 5 + MeshTrailer.encodedLength)
        buffer.withUnsafeMutableBytes { target in
            if let base = target.baseAddress { trailer.write(to: base + 5) }
        }
        buffer.withUnsafeBytes { bytes in
            #expect(MeshTrailer(bytes, behind: 5) == trailer)
            #expect(MeshTrailer(bytes, behind: 4) == nil)
            var scanner = CBORScanner(bytes, offset: 5)
            #expect(scanner.skipItem(depth: 4) && scanner.isAtEnd)
        }
        for index in [5, 6, 15, 24, 25] {
            var damaged = buffer
            damaged[index] = 0x60
            damaged.withUnsafeBytes { #expect(MeshTrailer($0, behind: 5) == nil) }
        }
    }

    @Test("A publication counts as new once, until so many others have come that it is forgotten")
    func seen() {
        let seen = SeenPublications(capacity: 4)
        let first = MeshTrailer(origin: 1, receivedAt: 1)
        #expect(seen.insert(first))
        #expect(!seen.insert(first))
        #expect(seen.insert(MeshTrailer(origin: 2, receivedAt: 1)))
        seen.remove(first)
        #expect(seen.insert(first))
        for time in 2..<6 { #expect(seen.insert(MeshTrailer(origin: 1, receivedAt: UInt64(time)))) }
        #expect(!seen.insert(first))
        for time in 6..<20 { #expect(seen.insert(MeshTrailer(origin: 1, receivedAt: UInt64(time)))) }
        #expect(seen.insert(first))
    }

    @Test("An echo is dropped as often as the publication was passed on, and not for ever")
    func echoes() {
        final class Box {
            var memory = EchoMemory()
            func take(_ key: Int, now: NIODeadline) -> Bool { memory.take(key, now: now) }
        }
        let box = Box()
        let now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        let key = EchoMemory.key(topic: "a", [1, 2.5])
        #expect(!box.take(key, now: now))
        box.memory.note(key, now: now)
        box.memory.note(key, now: now)
        #expect(box.take(key, now: now) && box.take(key, now: now))
        #expect(!box.take(key, now: now))
        box.memory.note(key, now: now)
        #expect(!box.take(key, now: now + EchoMemory.lifetime))
        box.memory.note(key, now: now + .seconds(10))
        #expect(box.take(key, now: now + .seconds(11)))
    }

    @Test("Publications are compared by their values, however they were encoded")
    func echoKeys() {
        #expect(EchoMemory.key(topic: "a", [1]) == EchoMemory.key(topic: "a", [1.0]))
        #expect(EchoMemory.key(topic: "a", [1]) != EchoMemory.key(topic: "a", [2]))
        #expect(EchoMemory.key(topic: "a", [1]) != EchoMemory.key(topic: "b", [1]))
        #expect(EchoMemory.key(topic: "a", [[1, "x"]]) != EchoMemory.key(topic: "a", [[1, "y"]]))
        #expect(EchoMemory.key(topic: "a", []) != EchoMemory.key(topic: "a", [.null]))
    }

    @Test("What comes under a pattern is put under its own topic", arguments: [QoS.atMostOnce, .exactlyOnce])
    func unwrapped(qos: QoS) throws {
        let id: MessageID? = qos == .atMostOnce ? nil : .random()
        let message = Message.publish(
            .init(id: id, flags: PublishFlags(qos: qos), topic: "*/b", arguments: ["x/b", 1, [2]]))
        let inner = try #require(bytes(message) { WrappedPublication($0, $1) } ?? nil)
        #expect(inner.topic == "x/b")
        guard case .publish(let publish) = try Message(cbor: inner.frame) else {
            Issue.record("no publication")
            return
        }
        #expect(
            publish.topic == "x/b" && publish.arguments == [1, [2]] && publish.flags.qos == qos && publish.id == id)
    }

    @Test("What cannot be put under a topic is none", arguments: [[], [1], [""], ["*/b", "x/b", 1]] as [[Value]])
    func unusable(arguments: [Value]) {
        let message = Message.publish(.init(topic: "*/b", arguments: arguments))
        #expect((bytes(message) { WrappedPublication($0, $1) } ?? nil) == nil)
    }

    @Test("Of several patterns that match one is taken, and none where the topic itself comes")
    func canonical() {
        let link = BrokerLink(isDialed: true, isOurs: false)
        for pattern in ["a/*", "*/b", "**"] { link.noteTold(MeshInterest(.subscription, pattern)) }
        #expect(link.isWanted("a/b", under: "a/*"))
        #expect(!link.isWanted("a/b", under: "*/b"))
        #expect(!link.isWanted("a/b", under: "**"))
        #expect(link.isWanted("c/b", under: "*/b"))
        #expect(!link.isWanted("c/b", under: "never/told/*"))
        link.noteUntold(MeshInterest(.subscription, "a/*"))
        #expect(link.isWanted("a/b", under: "*/b"))
        link.noteTold(MeshInterest(.subscription, "a/b"))
        #expect(!link.isWanted("a/b", under: "*/b") && !link.comesBack("a/b") && link.comesBack("d"))
    }
}
