import CArrowData
import Testing

@testable import DataFrames

@Suite("Arrow C data interface")
struct CDataTests {
    @Test("Every type goes out and in again", arguments: Samples.all.indices)
    func everyType(_ number: Int) throws {
        let column = try Samples.column(Samples.all[number], times: 20)
        for range in [0..<60, 3..<47, 5..<5] {
            let part = column.slice(range)
            for array in part.chunks {
                var (structure, description) = (ArrowArray(), ArrowSchema())
                array.export(to: &structure)
                part.field.export(to: &description)
                let field = try Field(importing: &description)
                #expect(field == part.field)
                let read = try ArrayData.importing(&structure, field.type)
                #expect(structure.release == nil)
                #expect((0..<read.length).map(read.cell) == (0..<array.length).map(array.cell))
                description.release(&description)
                #expect(description.release == nil)
            }
        }
    }

    @Test("A frame goes through a stream") func stream() throws {
        for frame in [try Samples.chunkedFrame(), try Samples.frame().slice(0..<0), .empty] {
            var stream = ArrowArrayStream()
            frame.export(to: &stream)
            let read = try DataFrame(importing: &stream)
            #expect(read == frame)
            #expect(read.schema == frame.schema)
            #expect(stream.release == nil)
        }
    }

    @Test("Nothing is copied") func zeroCopy() throws {
        let array = Int64.array([1, 2, 3])
        var structure = ArrowArray()
        array.export(to: &structure)
        let read = try ArrayData.importing(&structure, .int64)
        #expect(read.values.base == array.values.base)
    }

    @Test("Memory lives until both sides have let go of it") func lifetime() throws {
        final class Owner {
            let onEnd: () -> Void
            init(_ onEnd: @escaping () -> Void) { self.onEnd = onEnd }
            deinit { onEnd() }
        }
        var released = 0
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
        defer { memory.deallocate() }
        memory.storeBytes(of: 42, as: Int64.self)
        var array: ArrayData? = ArrayData(
            .int64, length: 1, buffers: [ArrowBuffer(base: memory, count: 8, owner: Owner { released += 1 })])
        var structure = ArrowArray()
        array?.export(to: &structure)
        array = nil
        #expect(released == 0)
        var read: ArrayData? = try ArrayData.importing(&structure, .int64)
        #expect(read?.cell(0) == .int(42))
        let part = read?.slice(0..<1)
        read = nil
        #expect(released == 0)
        #expect(part?.cell(0) == .int(42))
        withExtendedLifetime(part) {}
        _ = consume part
        #expect(released == 1)
    }

    @Test("Children may be moved out before the parent is released") func moved() throws {
        let column = try Column("s", structureOf: [Column("x", [1, 2]), Column("y", ["a", "b"])])
        var structure = ArrowArray()
        try column.combined().export(to: &structure)
        let child = try #require(structure.children[1])
        let moved = try ArrayData.importing(child, .utf8)
        #expect(child.pointee.release == nil)
        structure.release(&structure)
        #expect((0..<2).map(moved.cell) == [.text("a"), .text("b")])
    }

    @Test("Released structs are errors") func released() {
        var (array, schema, stream) = (ArrowArray(), ArrowSchema(), ArrowArrayStream())
        #expect(throws: DataFrameError.self) { try ArrayData.importing(&array, .int8) }
        #expect(throws: DataFrameError.self) { try Field(importing: &schema) }
        #expect(throws: DataFrameError.self) { try DataFrame(importing: &stream) }
    }

    @Test("Formats are those of the specification") func formats() throws {
        let formats: [(String, DataType)] = [
            ("w:42", .fixedSizeBinary(42)), ("d:19,10", .decimal128(precision: 19, scale: 10)),
            ("d:19,-3,256", .decimal256(precision: 19, scale: -3)), ("tdD", .date32), ("ttm", .time32(.millisecond)),
            ("tsn:", .timestamp(.nanosecond, timeZone: nil)), ("tss:+02:00", .timestamp(.second, timeZone: "+02:00")),
            ("tDu", .duration(.microsecond)), ("tin", .interval(.monthDayNano)), ("vu", .utf8View),
        ]
        for (format, type) in formats {
            #expect(FormatString.format(type) == format)
            #expect(try FormatString.type(format, [], keysSorted: false) == type)
        }
        for format in ["", "x", "+us:0,1", "+r", "w:", "w:-1", "d:1", "d:1,2,3", "ts", "tsx:", "+w:2", "+m", "+vl"] {
            #expect(throws: DataFrameError.self) { try FormatString.type(format, [], keysSorted: false) }
        }
    }
}
