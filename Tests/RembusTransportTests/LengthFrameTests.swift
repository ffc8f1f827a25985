import NIOCore
import Testing

@testable import RembusTransport

/// The framing of TCP and TLS connections (protocol.md §11).
struct LengthFrameTests {
    static let acknowledgement: [UInt8] = [0x82, 0x05, 0x48, 1, 2, 3, 4, 5, 6, 7, 8]
    static let identity: [UInt8] = [0x84, 0x00, 0x48, 1, 2, 3, 4, 5, 6, 7, 8, 0x65, 0x70, 0x75, 0x6d, 0x70, 0x37, 0xa0]

    func framed(_ message: [UInt8]) -> [UInt8] {
        let head = LengthFrame.headLength(payload: message.count)
        return [UInt8](unsafeUninitializedCapacity: head) { target, count in
            count = target.baseAddress.map { LengthFrame.writeHead(length: message.count, to: $0) } ?? 0
        } + message
    }

    /// What the reader makes of bytes that come in pieces of a size.
    func messages(_ bytes: [UInt8], pieces: Int = .max, limit: Int = 1 << 20) throws -> [[UInt8]] {
        var reader = LengthFrameReader(maxMessageBytes: limit)
        var found: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
            _ = try piece.withUnsafeBytes { bytes in
                try reader.feed(bytes) { message, owner in
                    if let owner { #expect(Array(owner.readableBytesView) == Array(message)) }
                    found.append(Array(message))
                    return true
                }
            }
        }
        return found
    }

    @Test func v61AnAcknowledgement() throws {
        #expect(framed(Self.acknowledgement) == [0x81, 0x0b] + Self.acknowledgement)
        #expect(try messages([0x81, 0x0b] + Self.acknowledgement) == [Self.acknowledgement])
    }

    @Test func v62AnIdentity() throws {
        #expect(framed(Self.identity) == [0x81, 0x12] + Self.identity)
        #expect(try messages([0x81, 0x12] + Self.identity) == [Self.identity])
    }

    @Test func v63AMessageOf311Bytes() throws {
        let message = [UInt8](repeating: 0xF6, count: 311)
        #expect(framed(message).prefix(3) == [0x8d, 0x01, 0x37])
        #expect(try messages(framed(message)) == [message])
    }

    @Test func v64AMessageOf70013Bytes() throws {
        let message = [UInt8](repeating: 0xF6, count: 70_013)
        #expect(framed(message).prefix(5) == [0x8f, 0x00, 0x01, 0x11, 0x7d])
        #expect(try messages(framed(message)) == [message])
    }

    @Test(arguments: [0, 1, 254, 255, 256, 257, 65_534, 65_535, 65_536, 65_537])
    func bordersOfTheHeads(_ length: Int) throws {
        let message = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        let bytes = framed(message) + framed(Self.acknowledgement)
        for pieces in [1, 2, 3, 7, 4096, .max] where length < 1000 || pieces > 3 {
            #expect(try messages(bytes, pieces: pieces) == [message, Self.acknowledgement])
        }
    }

    @Test func anyHeaderMayAnnounceAnyLength() throws {
        #expect(try messages([0x8d, 0, 11] + Self.acknowledgement) == [Self.acknowledgement])
        #expect(try messages([0x8f, 0, 0, 0, 11] + Self.acknowledgement, pieces: 1) == [Self.acknowledgement])
    }

    @Test(arguments: [0x00, 0x16, 0x47, 0x80, 0x82, 0x8e, 0xff] as [UInt8])
    func otherHeadersEndTheConnection(_ header: UInt8) {
        for pieces in [1, .max] {
            #expect(throws: WebSocketViolation.self) { try messages([header, 1, 2], pieces: pieces) }
            #expect(throws: WebSocketViolation.self) {
                try messages([0x81, 1, 0xF6, header], pieces: pieces)
            }
        }
    }

    @Test func messagesAreLimitedBeforeMemoryIsTaken() throws {
        for pieces in [1, .max] {
            #expect(throws: WebSocketViolation.self) { try messages([0x8f, 0xff, 0xff, 0xff, 0xff], pieces: pieces) }
            #expect(throws: WebSocketViolation.self) { try messages([0x81, 101], pieces: pieces, limit: 100) }
        }
        #expect(try messages([0x81, 100] + [UInt8](repeating: 0, count: 100), limit: 100).count == 1)
    }

    @Test func theReaderStopsWhenItIsTold() throws {
        var reader = LengthFrameReader(maxMessageBytes: 100)
        var count = 0
        _ = try (framed([1]) + framed([2])).withUnsafeBytes { bytes in
            try reader.feed(bytes) { _, _ in
                count += 1
                return false
            }
        }
        #expect(count == 1)
    }
}
