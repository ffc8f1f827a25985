import NIOCore
@testable import RembusTransport
import Testing

/// RFC 6455 on bytes alone: whole frames, pieces, fragments, violations.
@Suite struct WebSocketReaderTests {
    /// What a reader made of some bytes, in words that compare.
    enum Outcome: Equatable {
        case message([UInt8], isText: Bool)
        case ping([UInt8])
        case pong
        case close(UInt16?, String)
        case violation(UInt16)
    }

    static func frame(
        _ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true, mask: [UInt8]? = [0x11, 0x22, 0x33, 0x44],
        reserved: UInt8 = 0
    ) -> [UInt8] {
        var frame = [(isFinal ? 0x80 : 0) | reserved | opcode]
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        switch payload.count {
        case ..<126: frame.append(maskBit | UInt8(payload.count))
        case ..<65536: frame += [maskBit | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default: frame += [maskBit | 127] + (0..<8).map { UInt8((payload.count >> (56 - 8 * $0)) & 255) }
        }
        guard let mask else { return frame + payload }
        return frame + mask + payload.enumerated().map { $1 ^ mask[$0 & 3] }
    }

    /// Feeds `bytes` cut at `cuts` and collects what comes out, up to and including the first violation.
    static func read(_ bytes: [UInt8], pieces: [Int] = [], expectsMask: Bool = true, limit: Int = 1 << 20) -> [Outcome]
    {
        var reader = WebSocketReader(expectsMask: expectsMask, maxMessageBytes: limit)
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
        defer { scratch.deallocate() }
        var outcomes: [Outcome] = []
        var rest = bytes[...]
        var sizes = pieces
        while !rest.isEmpty {
            let piece = rest.prefix(sizes.isEmpty ? rest.count : max(sizes.removeFirst(), 1))
            rest = rest.dropFirst(piece.count)
            do throws(WebSocketViolation) {
                try feed(&reader, Array(piece), scratch, &outcomes)
            } catch {
                return outcomes + [.violation(error.code)]
            }
        }
        return outcomes
    }

    private static func feed(
        _ reader: inout WebSocketReader, _ piece: [UInt8], _ scratch: UnsafeMutableRawBufferPointer,
        _ outcomes: inout [Outcome]
    ) throws(WebSocketViolation) {
        // Through a buffer, as the bytes of a socket come.
        let buffer = ByteBuffer(bytes: piece)
        var violation: WebSocketViolation?
        buffer.withUnsafeReadableBytes { raw in
            do throws(WebSocketViolation) {
                try reader.feed(raw, scratch: scratch) { event in
                    switch event {
                    case .message(let bytes, let kind, let owner):
                        if let owner { #expect(Array(owner.readableBytesView) == Array(bytes)) }
                        outcomes.append(.message(Array(bytes), isText: kind == .text))
                    case .ping(let payload): outcomes.append(.ping(Array(payload)))
                    case .pong: outcomes.append(.pong)
                    case .close(let code, let reason): outcomes.append(.close(code, reason))
                    }
                    return true
                }
            } catch {
                violation = error
            }
        }
        if let violation { throw violation }
    }

    @Test(arguments: [0, 1, 3, 4, 31, 32, 33, 125, 126, 127, 4095, 4096, 4097, 65535, 65536, 100_000])
    func framesOfEveryLengthForm(_ count: Int) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(Self.read(Self.frame(2, payload)) == [.message(payload, isText: false)])
        #expect(Self.read(Self.frame(2, payload, mask: nil), expectsMask: false) == [.message(payload, isText: false)])
    }

    private static let conversation: (bytes: [UInt8], outcomes: [Outcome]) = (
        frame(2, [1, 2, 3]) + frame(1, Array("a".utf8), isFinal: false) + frame(9, [7])
            + frame(0, Array("bé".utf8), isFinal: false) + frame(0, Array("c".utf8)) + frame(2, []) + frame(10, [])
            + frame(2, Array(repeating: 5, count: 5000)) + frame(8, [0x03, 0xE8] + Array("bye".utf8)),
        [
            .message([1, 2, 3], isText: false), .ping([7]), .message(Array("abéc".utf8), isText: true),
            .message([], isText: false), .pong, .message(Array(repeating: 5, count: 5000), isText: false),
            .close(1000, "bye"),
        ]
    )

    @Test func coalescedFramesComeOneByOne() {
        #expect(Self.read(Self.conversation.bytes) == Self.conversation.outcomes)
    }

    @Test func everyCutGivesTheSame() {
        let (bytes, outcomes) = Self.conversation
        for cut in stride(from: 1, to: 120, by: 1) { #expect(Self.read(bytes, pieces: [cut]) == outcomes) }
        #expect(Self.read(bytes, pieces: Array(repeating: 1, count: bytes.count)) == outcomes)
        for _ in 0..<50 {
            #expect(Self.read(bytes, pieces: (0..<400).map { _ in Int.random(in: 1...40) }) == outcomes)
        }
    }

    @Test func violationsHaveTheirCode() {
        #expect(Self.read(Self.frame(2, [1], mask: nil)) == [.violation(1002)])
        #expect(Self.read(Self.frame(2, [1]), expectsMask: false) == [.violation(1002)])
        for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] as [UInt8] {
            #expect(Self.read(Self.frame(opcode, [])) == [.violation(1002)])
        }
        for bit in [0x10, 0x20, 0x40] as [UInt8] {
            #expect(Self.read(Self.frame(2, [1], reserved: bit)) == [.violation(1002)])
        }
        for opcode in [8, 9, 10] as [UInt8] {
            #expect(Self.read(Self.frame(opcode, [], isFinal: false)) == [.violation(1002)])
            #expect(Self.read(Self.frame(opcode, Array(repeating: 0, count: 126))) == [.violation(1002)])
        }
        #expect(Self.read(Self.frame(0, [1])) == [.violation(1002)])
        #expect(Self.read(Self.frame(2, [1], isFinal: false) + Self.frame(2, [2])) == [.violation(1002)])
        #expect(Self.read(Self.frame(1, [0xFF])) == [.violation(1007)])
        #expect(Self.read(Self.frame(1, [0xC3], isFinal: false) + Self.frame(0, [0x28])) == [.violation(1007)])
        #expect(Self.read(Self.frame(8, [3])) == [.violation(1002)])
        for code in [0, 999, 1004, 1005, 1006, 1015, 2000, 5000] {
            #expect(Self.read(Self.frame(8, [UInt8(code >> 8), UInt8(code & 255)])) == [.violation(1002)])
        }
        #expect(Self.read(Self.frame(8, [0x03, 0xE8, 0xFF])) == [.violation(1007)])
        #expect(Self.read([0x82, 0xFF] + Array(repeating: 0xFF, count: 12)) == [.violation(1002)])
    }

    @Test func tooLargeIsRefusedBeforeItArrives() {
        #expect(
            Self.read(Array(Self.frame(2, Array(repeating: 0, count: 2000)).prefix(20)), limit: 1000) == [
                .violation(1009)
            ])
        let parts =
            Self.frame(2, Array(repeating: 0, count: 600), isFinal: false)
            + Self.frame(0, Array(repeating: 0, count: 600))
        #expect(Self.read(parts, limit: 1000) == [.violation(1009)])
        #expect(Self.read(Self.frame(2, Array(repeating: 0, count: 1000)), limit: 1000).count == 1)
    }

    /// Random bytes and mutated conversations end in events or a violation, whatever the cuts.
    @Test func anyBytesAreSurvived() {
        for _ in 0..<20_000 {
            var bytes =
                Bool.random() ? Self.conversation.bytes : (0..<Int.random(in: 0...60)).map { _ in .random(in: 0...255) }
            for _ in 0..<Int.random(in: 0...4) where !bytes.isEmpty {
                bytes[Int.random(in: bytes.indices.prefix(60))] = .random(in: 0...255)
            }
            let whole = Self.read(bytes)
            let pieces = Self.read(bytes, pieces: (0..<200).map { _ in Int.random(in: 1...60) })
            #expect(whole == pieces, "\(bytes)")
        }
    }
}
