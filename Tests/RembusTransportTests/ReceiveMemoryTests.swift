import NIOCore
import Testing

@testable import RembusTransport

/// What the connections of an event loop receive into.
@Suite(.timeLimit(.minutes(5)))
struct ReceiveMemoryTests {
    /// A frame with a mask that changes nothing.
    private static func frame(_ size: Int) -> ByteBuffer {
        var bytes = ByteBuffer(bytes: [0x82])
        // A length has its shortest form (RFC 6455 §5.2).
        if let short = UInt16(exactly: size) {
            bytes.writeInteger(0x80 | 126 as UInt8)
            bytes.writeInteger(short)
        } else {
            bytes.writeInteger(0x80 | 127 as UInt8)
            bytes.writeInteger(UInt64(size))
        }
        bytes.writeInteger(UInt32(0))
        bytes.writeRepeatingByte(7, count: size)
        return bytes
    }

    @Test func allConnectionsReceiveIntoTheSameMemory() async throws {
        let server = try await SharedLoopServer.start(maxMessageBytes: 4 << 20, maxAssemblyBytes: 64 << 20)
        var peers: [RawPeer] = []
        for _ in 0..<8 { peers.append(try await server.peer()) }
        var sent: [Int] = []
        for round in 1...5 {
            for (index, peer) in peers.enumerated() {
                // Sizes of one read, and of several.
                let size = index.isMultiple(of: 2) ? 1000 * round + index : 600_000 * round + index
                await peer.send(Self.frame(size))
                sent.append(size)
            }
        }
        sent.sort()
        #expect(await eventually { server.received == sent })
        #expect(try await server.receiveAllocations() == 1)
    }

    @Test func whatSomebodyKeepsIsNotWrittenOver() throws {
        let memory = ReceiveMemory()
        var first = memory.take(ByteBufferAllocator())
        first.writeString("kept")
        memory.giveBack(first)
        var second = memory.take(ByteBufferAllocator())
        second.writeString("next")
        #expect(String(buffer: first) == "kept")
        #expect(second.capacity == ReceiveMemory.size)
    }

    @Test func foreignBuffersAreNotTaken() {
        let memory = ReceiveMemory()
        memory.giveBack(ByteBuffer(string: "plaintext of a TLS connection"))
        _ = memory.take(ByteBufferAllocator())
        #expect(memory.allocations == 1)
    }
}
