import NIOCore
import Testing

@testable import DataFrames

/// Makes streams by hand, so that single claims in them can be wrong.
private struct Stream {
    var bytes = ByteBuffer()

    mutating func append(
        _ kind: UInt8, _ header: [FlatValue], version: Int16 = 4, body: [UInt8] = [], bodyLength: Int64? = nil
    ) {
        let metadata = FlatWriter.write(root: [
            .short(version), .byte(kind), .table(header), .long(bodyLength ?? Int64(body.count)),
        ])
        let padding = (8 - metadata.count % 8) % 8
        bytes.writeInteger(UInt32.max, endianness: .little)
        bytes.writeInteger(UInt32(metadata.count + padding), endianness: .little)
        bytes.writeBytes(metadata)
        bytes.writeRepeatingByte(0, count: padding)
        bytes.writeBytes(body)
    }

    /// A schema of one field without a name.
    static func schema(
        kind: UInt8, _ type: [FlatValue] = [], children: [[FlatValue]] = [], dictionary: FlatValue = .absent,
        endianness: FlatValue = .absent
    ) -> Stream {
        var stream = Stream()
        stream.append(1, [endianness, .tables([field(kind: kind, type, children: children, dictionary: dictionary)])])
        return stream
    }

    static func field(
        kind: UInt8, _ type: [FlatValue] = [], children: [[FlatValue]] = [], dictionary: FlatValue = .absent
    ) -> [FlatValue] {
        [.text("f"), .bool(true), .byte(kind), .table(type), dictionary, .tables(children)]
    }

    /// Adds a batch with nodes and buffers as they are said to be.
    func batch(
        length: Int64, nodes: [Int64], buffers: [Int64], body: [UInt8] = [], compression: FlatValue = .absent,
        counts: [Int64] = []
    ) -> Stream {
        var stream = self
        stream.append(
            3,
            [
                .long(length), .structures(nodes, count: nodes.count / 2),
                .structures(buffers, count: buffers.count / 2),
                compression, .structures(counts, count: counts.count),
            ], body: body)
        return stream
    }

    func error(_ limits: ArrowLimits = .standard) -> DataFrameError? {
        do throws(DataFrameError) {
            _ = try DataFrame(arrow: bytes, limits: limits)
            return nil
        } catch { return error }
    }
}

@Suite("Malformed Arrow streams")
struct MalformedStreamTests {
    private let int32 = Stream.schema(kind: 2, [.int(32), .bool(true)])
    private let text = Stream.schema(kind: 5)

    private func expect(
        _ stream: Stream, _ code: DataFrameError.Code, _ message: String, location: SourceLocation = #_sourceLocation
    ) {
        #expect(stream.error() == DataFrameError(code, message), sourceLocation: location)
    }

    @Test("Streams made by hand are fine") func fine() {
        #expect(int32.batch(length: 2, nodes: [2, 0], buffers: [0, 0, 0, 8], body: Array(0..<8)).error() == nil)
        #expect(int32.error() == nil)
    }

    @Test("Headers") func headers() {
        expect(Stream(), .malformed, "the stream is empty")
        expect(
            Stream.schema(kind: 2, [.int(32)], endianness: .short(1)), .unsupported,
            "the stream is big-endian, only little-endian ones can be read")
        var old = Stream()
        old.append(1, [.absent, .tables([])], version: 2)
        expect(old, .unsupported, "the metadata has version 3, only 4 and 5 can be read")
        var twice = int32
        twice.append(1, [.absent, .tables([])])
        expect(twice, .malformed, "a message of kind 1 within the stream")
        var long = Stream()
        long.append(1, [.absent, .tables([])], bodyLength: .max)
        expect(long, .malformed, "the body of a message has 9223372036854775807 bytes, of which 0 are there")
        expect(Stream().batch(length: 0, nodes: [], buffers: []), .malformed, "the stream does not start with a schema")
    }

    @Test("Types") func types() {
        expect(Stream.schema(kind: 0), .unsupported, "field f has type number 0, which cannot be read")
        expect(Stream.schema(kind: 2, [.int(24)]), .malformed, "field f has an integer of 24 bits")
        expect(Stream.schema(kind: 3, [.short(3)]), .malformed, "field f has a float of precision 3")
        expect(Stream.schema(kind: 7, [.int(39)]), .malformed, "field f has a decimal of 39 digits")
        expect(Stream.schema(kind: 9, [.short(0), .int(64)]), .malformed, "field f has a time in s of 64 bits")
        expect(Stream.schema(kind: 10, [.short(-1)]), .malformed, "field f has time unit -1")
        expect(Stream.schema(kind: 12), .malformed, "field f has a list with 0 fields")
        expect(Stream.schema(kind: 15, [.int(-1)]), .malformed, "field f has a size of -1")
        expect(
            Stream.schema(kind: 17, children: [Stream.field(kind: 6)]), .malformed,
            "field f has a map that does not consist of pairs")
    }

    @Test("Nesting and numbers of fields are limited") func limits() {
        var field = Stream.field(kind: 6)
        for _ in 0..<64 { field = Stream.field(kind: 12, children: [field]) }
        var stream = Stream()
        stream.append(1, [.absent, .tables([field])])
        expect(stream, .limit, "types are nested more than 64 levels deep")
        var wide = Stream()
        wide.append(1, [.absent, .tables(Array(repeating: Stream.field(kind: 6), count: 9))])
        var limits = ArrowLimits()
        limits.maxFields = 8
        #expect(wide.error(limits) == DataFrameError(.limit, "there are more than 8 fields"))
        limits.maxLength = 10
        let nulls = Stream.schema(kind: 1)
        #expect(
            nulls.batch(length: 11, nodes: [11, 11], buffers: []).error(limits)
                == DataFrameError(.limit, "there are more than 10 values"))
        #expect(
            nulls.batch(length: 6, nodes: [6, 6], buffers: []).batch(length: 6, nodes: [6, 6], buffers: []).error(
                limits)
                == DataFrameError(.limit, "there are more than 10 rows"))
    }

    @Test("Lengths and numbers of nulls") func lengths() {
        expect(int32.batch(length: -1, nodes: [], buffers: []), .malformed, "a length is negative")
        expect(int32.batch(length: 1, nodes: [], buffers: []), .malformed, "the metadata ends early")
        expect(
            int32.batch(length: 1, nodes: [2, 0], buffers: [0, 0, 0, 8], body: Array(0..<8)), .malformed,
            "field f has 2 rows in a batch of 1")
        expect(
            int32.batch(length: 1, nodes: [1, 2], buffers: [0, 0, 0, 8], body: Array(0..<8)), .malformed,
            "an array of 1 has 2 nulls")
        expect(
            int32.batch(length: .max, nodes: [.max, 0], buffers: []), .limit, "there are more than 2147483648 values")
    }

    @Test("Values that take no memory are limited by the size of the stream") func emptyValues() {
        let list = Stream.schema(kind: 12, children: [Stream.field(kind: 1)])
        let count: Int64 = 1 << 30
        let offsets = [Int32(0), Int32(count)].flatMap { offset in
            withUnsafeBytes(of: offset.littleEndian) { Array($0) }
        }
        expect(
            list.batch(length: 1, nodes: [1, 0, count, 0], buffers: [0, 0, 0, 8], body: offsets), .limit,
            "field f has 1073741824 values, none of which are in the stream")
        expect(
            Stream.schema(kind: 13).batch(length: count, nodes: [count, 0], buffers: [0, 0]), .limit,
            "field f has 1073741824 values, none of which are in the stream")
    }

    @Test("Dictionaries of dictionaries cannot be written") func nestedDictionary() throws {
        let inner = DataType.dictionary(index: .int8, value: .utf8, isOrdered: false)
        let type = DataType.dictionary(index: .int8, value: inner, isOrdered: false)
        let frame = try DataFrame(columns: [Column("d", ["a"], type: type)])
        #expect(throws: DataFrameError.self) { try frame.arrowBuffer() }
    }

    @Test("Buffers") func buffers() {
        for buffer: [Int64] in [[0, 16], [8, 8], [-8, 8], [0, -8], [.max, 8], [8, .max]] {
            expect(
                int32.batch(length: 2, nodes: [2, 0], buffers: [0, 0] + buffer, body: Array(0..<8)), .malformed,
                "a buffer lies outside of its message")
        }
        expect(
            int32.batch(length: 3, nodes: [3, 0], buffers: [0, 0, 0, 8], body: Array(0..<8)), .malformed,
            "field f has less data than its 3 rows need")
        expect(
            int32.batch(length: 9, nodes: [9, 1], buffers: [0, 1, 0, 40], body: Array(0..<40)), .malformed,
            "field f has less data than its 9 rows need")
    }

    @Test("Offsets") func offsets() {
        func batch(_ offsets: [Int32], bytes: Int64 = 8) -> Stream {
            let body = offsets.flatMap { offset in withUnsafeBytes(of: offset.littleEndian) { Array($0) } }
            let count = Int64(body.count)
            return text.batch(
                length: Int64(offsets.count - 1), nodes: [Int64(offsets.count - 1), 0],
                buffers: [0, 0, 0, count, 16, bytes],
                body: body + Array(repeating: 65, count: 24 - body.count))
        }
        #expect(batch([0, 3, 8, 8]).error() == nil)
        #expect(batch([1, 3, 3, 8]).error() == nil)
        for offsets: [Int32] in [[0, 3, 2, 8], [0, 3, 8, 9], [-1, 3, 8, 8], [0, 9, 8, 8], [0, .max, .min, 8]] {
            expect(batch(offsets), .malformed, "field f has offsets that lie outside")
        }
    }

    @Test("Views") func views() {
        func batch(_ view: [Int32]) -> Stream {
            let body = view.flatMap { part in withUnsafeBytes(of: part.littleEndian) { Array($0) } }
            return Stream.schema(kind: 24).batch(
                length: 1, nodes: [1, 0], buffers: [0, 0, 0, 16, 16, 16], body: body + Array(repeating: 65, count: 16),
                counts: [1])
        }
        #expect(batch([13, 0, 0, 3]).error() == nil)
        for view: [Int32] in [[13, 0, 0, 4], [13, 0, 1, 0], [13, 0, -1, 0], [13, 0, 0, -1], [.max, 0, 0, .max]] {
            expect(batch(view), .malformed, "field f has a view that lies outside")
        }
        expect(batch([-1, 0, 0, 0]), .malformed, "field f has a view of negative length")
        expect(batch([4, -1, 0, 0]), .malformed, "field f has text that is not UTF-8")
    }

    @Test("Lists and dictionaries") func nested() {
        let list = Stream.schema(kind: 16, [.int(.max)], children: [Stream.field(kind: 1)])
        expect(
            list.batch(length: 2, nodes: [2, 0, 5, 5], buffers: [0, 0]), .malformed,
            "field f has less data than its 2 rows need")
        let dictionary = Stream.schema(kind: 5, dictionary: .table([.long(3), .table([.int(8), .bool(true)])]))
        expect(
            dictionary.batch(length: 1, nodes: [1, 0], buffers: [0, 0, 0, 1], body: Array(repeating: 0, count: 8)),
            .malformed, "field f has an index that is not in its dictionary")
        var unknown = dictionary
        unknown.append(2, [.long(4), .table([.long(0)])])
        expect(unknown, .malformed, "no field uses dictionary 4")
    }

    @Test("Compressed buffers do not get more memory than they can fill") func compression() {
        let claim = withUnsafeBytes(of: Int64(1) << 40) { Array($0) }
        for codec: UInt8 in [0, 1] {
            let stream = int32.batch(
                length: 2, nodes: [2, 0], buffers: [0, 0, 0, 16], body: claim + Array(0..<8),
                compression: .table([.byte(codec)]))
            // Also right where the library is not installed.
            #expect([.malformed, .unsupported].contains(stream.error()?.code))
        }
        let unknown = int32.batch(length: 0, nodes: [0, 0], buffers: [0, 0, 0, 0], compression: .table([.byte(9)]))
        expect(unknown, .unsupported, "the stream is compressed by method 9, which is unknown")
    }

    @Test("Dictionaries that arrive in parts are limited by the memory they take") func deltas() {
        var stream = Stream.schema(kind: 2, [.int(8)], dictionary: .table([.long(0)]))
        let part: FlatValue = .table([
            .long(8), .structures([8, 0], count: 1), .structures([0, 0, 0, 8], count: 2),
        ])
        for _ in 0..<100 { stream.append(2, [.long(0), part, .bool(true)], body: Array(0..<8)) }
        #expect(stream.error() == nil)
        var limits = ArrowLimits()
        limits.maxAllocation = 10_000
        #expect(stream.error(limits)?.code == .limit)
    }

    @Test("Metadata that refers to the same parts again and again ends") func repetition() {
        // A table with a vector of many references to one table with a long name.
        var bytes = FlatWriter.write(root: [
            .short(4), .byte(1),
            .table([
                .absent,
                .tables(
                    (0..<1000).map { number in
                        number == 999
                            ? Stream.field(kind: 6) + [.tables([[.text(String(repeating: "x", count: 50_000))]])]
                            : Stream.field(kind: 6)
                    }),
            ]),
        ])
        // All entries of the vector are made to point to the last table.
        let count = withUnsafeBytes(of: UInt32(1000)) { Array($0) }
        guard let start = bytes.indices.dropLast(4).first(where: { Array(bytes[$0..<$0 + 4]) == count }) else {
            Issue.record("no vector")
            return
        }
        func entry(_ index: Int) -> Int { start + 4 + index * 4 }
        let last =
            entry(999) + Int(bytes[entry(999)..<entry(999) + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        for index in 0..<1000 {
            withUnsafeBytes(of: UInt32(last - entry(index)).littleEndian) {
                bytes.replaceSubrange(entry(index)..<entry(index) + 4, with: $0)
            }
        }
        var stream = Stream()
        stream.bytes.writeInteger(UInt32.max)
        stream.bytes.writeInteger(UInt32(bytes.count), endianness: .little)
        stream.bytes.writeBytes(bytes)
        expect(stream, .malformed, "the metadata repeats its parts too often")
    }

    @Test("Streams that are cut off anywhere are errors or shorter frames") func cut() throws {
        let buffer = try Samples.chunkedFrame().arrowBuffer()
        // A stream may end behind any message: the schema, and each of the batches.
        var lengths: Set<Int> = []
        var errors = 0
        for end in 0..<(buffer.readableBytes - 8) {
            let part = try #require(buffer.getSlice(at: 0, length: end))
            do throws(DataFrameError) {
                lengths.insert(try DataFrame(arrow: part).rowCount)
            } catch {
                errors += 1
            }
        }
        #expect(lengths.count > 1 && lengths.contains(0) && lengths.allSatisfy { $0 < 22 }, "\(lengths)")
        #expect(errors > buffer.readableBytes / 2)
    }
}
