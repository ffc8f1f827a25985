import NIOCore
import Testing

@testable import DataFrames

@Suite("Arrow streams")
struct ArrowStreamTests {
    @Test("Every type survives", arguments: Samples.all.indices)
    func everyType(_ number: Int) throws {
        let sample = Samples.all[number]
        for times in [1, 5, 100] {
            let frame = try DataFrame(columns: [Samples.column(sample, times: times)])
            let read = try DataFrame(arrow: frame.arrowBuffer())
            #expect(read == frame)
            #expect(read.schema == frame.schema)
            #expect((0..<3).map(read.columns[0].cell) == sample.1)
        }
    }

    @Test("Slices of every type survive", arguments: Samples.all.indices)
    func slices(_ number: Int) throws {
        let frame = try DataFrame(columns: [Samples.column(Samples.all[number], times: 40)])
        for range in [0..<1, 1..<2, 3..<60, 8..<72, 13..<119, 120..<120] {
            let slice = frame.slice(range)
            let read = try DataFrame(arrow: slice.arrowBuffer())
            #expect(read == slice)
            #expect(read.columns[0].nullCount == slice.columns[0].nullCount)
            #expect(range.map(frame.columns[0].cell) == (0..<range.count).map(read.columns[0].cell))
        }
    }

    @Test("Chunks become batches") func chunks() throws {
        let frame = try Samples.chunkedFrame()
        let read = try DataFrame(arrow: frame.arrowBuffer())
        #expect(read == frame)
        #expect(read.columns.allSatisfy { $0.chunks.map(\.length) == [9, 12, 1] })
    }

    @Test("Chunks that differ between columns are cut at all their ends") func unevenChunks() throws {
        let left = try Column(Field("a", .int64), arrays: [Int64.array([1, 2]), Int64.array([3, 4, nil])])
        let right = try Column(Field("b", .utf8), arrays: [String.array(["x"]), String.array(["y", nil, "z", "ä"])])
        let frame = try DataFrame(columns: [left, right])
        let read = try DataFrame(arrow: frame.arrowBuffer())
        #expect(read == frame)
        #expect(read.columns[0].chunks.map(\.length) == [1, 1, 3])
    }

    @Test("The size is known beforehand") func size() throws {
        for frame in [.empty, try Samples.frame(), try Samples.chunkedFrame()] {
            #expect(try frame.arrowByteCount == frame.arrowBuffer().readableBytes)
        }
    }

    @Test("Frames without rows or columns") func empty() throws {
        let frame = try Samples.frame().slice(0..<0)
        let read = try DataFrame(arrow: frame.arrowBuffer())
        #expect(read.schema == frame.schema)
        #expect(read.rowCount == 0)
        #expect(try DataFrame(arrow: DataFrame.empty.arrowBuffer()) == .empty)
    }

    @Test("Aligned values are used where they lie") func noCopy() throws {
        let frame = try DataFrame(columns: [Column("n", Array(Int64(0)..<100))])
        let buffer = try frame.arrowBuffer()
        let read = try DataFrame(arrow: buffer)
        let inside = buffer.withUnsafeReadableBytes { bytes in
            bytes.baseAddress.map { $0..<$0 + bytes.count }.map { $0.contains(read.columns[0].chunks[0].values.base) }
        }
        #expect(inside == true)
    }

    @Test("What is not aligned is copied", arguments: 1..<8)
    func misaligned(_ distance: Int) throws {
        let frame = try Samples.frame(times: 3)
        var buffer = ByteBuffer(repeating: 0, count: distance)
        try frame.write(into: &buffer)
        buffer.moveReaderIndex(forwardBy: distance)
        let read = try DataFrame(arrow: buffer)
        #expect(read == frame)
        #expect(read.columns.allSatisfy { $0.chunks.allSatisfy { $0.values.isAligned(to: 8) } })
    }

    @Test("A frame is not changed by who writes to the buffer that it came from") func bufferReuse() throws {
        let frame = try DataFrame(columns: [Column("n", Array(Int64(0)..<100))])
        var buffer = try frame.arrowBuffer()
        let read = try DataFrame(arrow: buffer)
        let count = buffer.readableBytes
        buffer.clear()
        buffer.writeRepeatingByte(0xFF, count: count)
        #expect(read == frame)
    }

    @Test("Views of a small slice do not take the bytes of all rows along") func compactViews() throws {
        let texts = (0..<1000).map { "a text that is longer than twelve bytes, number \($0)" }
        let frame = try DataFrame(columns: [Column("t", texts.map(Optional.some), type: .utf8View)])
        let slice = frame.slice(500..<502)
        #expect(slice.arrowByteCount < 2048)
        #expect(try DataFrame(arrow: slice.arrowBuffer()) == slice)
    }

    @Test("The frame of protocol.md §14.2") func vector() throws {
        let buffer = ByteBuffer(hexadecimal: Self.vector)
        let frame = try DataFrame(arrow: buffer)
        #expect(frame.schema == Schema([Field("n", .largeUtf8), Field("v", .int64)]))
        #expect(Array(try frame.column("n").values(as: String.self)) == ["ab"])
        #expect(Array(try frame.column("v").values(as: Int.self)) == [7])
    }

    private static let vector = """
        ffffffffa80000001000000000000a000c000600050008000a000000000104000c00000008000800000004
        000800000004000000020000004c00000004000000ccffffff00000102100000001c0000000400000000000000010000
        007600000008000c0008000700080000000000000140000000100014000800060007000c000000100010000000000001
        1410000000180000000400000000000000010000006e000000040004000400000000000000ffffffffc8000000140000
        00000000000c0016000600050008000c000c0000000003040018000000200000000000000000000a0018000c00040008
        000a0000006c000000100000000100000000000000000000000500000000000000000000000000000000000000000000
        000000000010000000000000001000000000000000020000000000000018000000000000000000000000000000180000
        000000000008000000000000000000000002000000010000000000000000000000000000000100000000000000000000
        00000000000000000000000000020000000000000061620000000000000700000000000000ffffffff00000000
        """
}
