import NIOCore
import NIOPosix
import Testing

@testable import RembusTransport

/// Messages that arrive in pieces: the memory of one, and of all links of an event loop together.
@Suite(.timeLimit(.minutes(5)))
struct AssemblyTests {
    // MARK: One reader

    /// What a reader of WebSocket frames holds after each of the pieces.
    private func webSocketReader(after pieces: [[UInt8]]) throws -> WebSocketReader {
        var reader = WebSocketReader(expectsMask: false, maxMessageBytes: 60 << 20)
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
        defer { scratch.deallocate() }
        for piece in pieces {
            _ = try piece.withUnsafeBytes { bytes in try reader.feed(bytes, scratch: scratch) { _ in true } }
        }
        return reader
    }

    private func lengthReader(after pieces: [[UInt8]]) throws -> LengthFrameReader {
        var reader = LengthFrameReader(maxMessageBytes: 60 << 20)
        for piece in pieces { _ = try piece.withUnsafeBytes { bytes in try reader.feed(bytes) { _, _ in true } } }
        return reader
    }

    /// The head of a frame of 50 MiB.
    private static let webSocketHead: [UInt8] = [0x82, 127, 0, 0, 0, 0, 0x03, 0x20, 0, 0]
    private static let lengthHead: [UInt8] = [0x8F, 0x03, 0x20, 0, 0]

    @Test(arguments: [0, 1, 1000, 100_000, 3 << 20])
    func memoryFollowsWhatArrivedAndNotWhatWasAnnounced(_ arrived: Int) throws {
        let bytes = [UInt8](repeating: 7, count: arrived)
        let bound = max(4 * arrived, 4096)
        for pieces in [[Self.webSocketHead + bytes], [Self.webSocketHead, bytes], [Self.webSocketHead] + bytes.pieces] {
            let reader = try webSocketReader(after: pieces)
            #expect(reader.assembledBytes == arrived)
            #expect(reader.assemblyCapacity <= bound)
        }
        for pieces in [[Self.lengthHead + bytes], [Self.lengthHead, bytes], [Self.lengthHead] + bytes.pieces] {
            let reader = try lengthReader(after: pieces)
            #expect(reader.assembledBytes == arrived)
            #expect(reader.assemblyCapacity <= bound)
        }
    }

    @Test func fragmentsCountTogether() throws {
        let fragment: [UInt8] = [0x02, 100] + [UInt8](repeating: 1, count: 100)
        let continuation: [UInt8] = [0x00, 50] + [UInt8](repeating: 1, count: 50)
        #expect(try webSocketReader(after: [fragment]).assembledBytes == 100)
        #expect(try webSocketReader(after: [fragment, continuation]).assembledBytes == 150)
        #expect(try webSocketReader(after: [fragment, continuation, [0x80, 0]]).assembledBytes == 0)
    }

    @Test func whatIsGivenUpIsReadAndForgotten() throws {
        var reader = try webSocketReader(after: [[0x82, 100, 1, 2, 3]])
        reader.discard()
        #expect(reader.assembledBytes == 0)
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
        defer { scratch.deallocate() }
        var codes: [UInt16?] = []
        // The rest of the message, another one in pieces, and the Close frame that is waited for.
        let rest = [UInt8](repeating: 9, count: 97) + [0x02, 1, 1, 0x80, 1, 1] + [0x88, 2, 0x03, 0xE8]
        _ = try rest.withUnsafeBytes { bytes in
            try reader.feed(bytes, scratch: scratch) { event in
                if case .close(let code, _) = event { codes.append(code) } else { Issue.record("a message came") }
                return true
            }
        }
        #expect(codes == [1000])
        #expect(reader.assemblyCapacity == 0)
    }

    // MARK: All links of an event loop

    /// A frame that is longer than what follows.
    private static func begin(announced: Int, sent: Int) -> ByteBuffer {
        var bytes = ByteBuffer(bytes: [0x82, 0x80 | 127])
        bytes.writeInteger(UInt64(announced))
        bytes.writeInteger(UInt32(0))  // a mask that changes nothing
        bytes.writeRepeatingByte(7, count: sent)
        return bytes
    }

    @Test func theLargestUnfinishedMessageGoesWhenAllTogetherAreTooMuch() async throws {
        let server = try await SharedLoopServer.start(maxMessageBytes: 1 << 20, maxAssemblyBytes: 1 << 20)
        let (large, small, late) = (try await server.peer(), try await server.peer(), try await server.peer())
        await large.send(Self.begin(announced: 1_000_000, sent: 700_000))
        #expect(try await server.holds(700_000))
        await small.send(Self.begin(announced: 300_000, sent: 200_000))
        #expect(try await server.holds(900_000))
        await late.send(Self.begin(announced: 400_000, sent: 300_000))
        #expect(try await server.holds(500_000))
        // The reason stands in the Close frame.
        #expect(try await large.everything().contains("try again later"))
        // The others are not disturbed.
        for (peer, missing) in [(small, 100_000), (late, 100_000)] {
            await peer.send(ByteBuffer(repeating: 7, count: missing))
        }
        #expect(try await server.holds(0))
        #expect(await eventually { server.received == [300_000, 400_000] })
    }

    @Test func aMessageOfTheLargestSizeIsAlwaysPossible() async throws {
        let server = try await SharedLoopServer.start(maxMessageBytes: 1 << 20, maxAssemblyBytes: 1000)
        let peer = try await server.peer()
        await peer.send(Self.begin(announced: 1 << 20, sent: 1 << 20))
        #expect(await eventually { server.received == [1 << 20] })
    }

    @Test func whoLeavesHoldsNothing() async throws {
        let server = try await SharedLoopServer.start(maxMessageBytes: 1 << 20, maxAssemblyBytes: 1 << 20)
        let peer = try await server.peer()
        await peer.send(Self.begin(announced: 1 << 20, sent: 500_000))
        #expect(try await server.holds(500_000))
        try await peer.channel.close()
        #expect(try await server.holds(0))
    }
}

extension [UInt8] {
    /// The same bytes as reads of a socket may bring them.
    fileprivate var pieces: [[UInt8]] {
        stride(from: 0, to: count, by: 1500).map { Array(self[$0..<Swift.min($0 + 1500, count)]) }
    }
}
