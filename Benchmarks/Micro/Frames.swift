import DataFrames
import NIOCore

/// Frames: what the broker and components do with Arrow streams; `Benchmarks/arrow.py` measures the same with pyarrow.
extension Microbench {
    static func frames(_ measure: Measure) {
        for (name, frame) in [("1M rows of numbers", numbers()), ("1M rows of text", texts())] {
            guard measure.isWanted("encode frame: \(name)") || measure.isWanted("decode frame: \(name)"), let frame,
                let stream = try? frame.arrowBuffer()
            else { continue }
            var shifted = ByteBuffer(repeating: 0, count: 1)
            shifted.writeImmutableBuffer(stream)
            shifted.moveReaderIndex(forwardBy: 1)
            var buffer = ByteBuffer()
            let size = stream.readableBytes
            measure("encode frame: \(name)", bytes: size) {
                buffer.clear()
                try? frame.write(into: &buffer)
            }
            measure("decode frame: \(name), aligned", bytes: size) { use(try? DataFrame(arrow: stream)) }
            measure("decode frame: \(name), not aligned", bytes: size) { use(try? DataFrame(arrow: shifted)) }
            let slice = frame.slice(3..<frame.rowCount - 3)
            measure("encode frame: \(name), sliced", bytes: size) {
                buffer.clear()
                try? slice.write(into: &buffer)
            }
        }
        reading(measure)
        small(measure)
    }

    /// A loop over the values of a column, as an application writes it.
    private static func reading(_ measure: Measure) {
        guard measure.isWanted("frame: read"), let column = numbers()?["b"],
            let numbers = try? column.values(as: Double.self)
        else { return }
        measure("frame: read 1M doubles one by one", bytes: 8_000_000) {
            var sum = 0.0
            for value in numbers { sum += value ?? 0 }
            use(sum)
        }
        measure("frame: read 1M doubles as memory", bytes: 8_000_000) {
            var sum = 0.0
            try? column.withUnsafeValues(as: Double.self) { for value in $0 { sum += value } }
            use(sum)
        }
        let values = (0..<1_000_000).map { Double($0) }
        measure("frame: build 1M doubles", bytes: 8_000_000) { use(Column("b", values)) }
        let optionals = values.map(Optional.some)
        measure("frame: build 1M optional doubles", bytes: 8_000_000) { use(Column("b", optionals)) }
    }

    /// A frame as a sensor sends it.
    private static func small(_ measure: Measure) {
        let columns = [
            Column("dn", ["s1", "s2", "s3"]), Column("temperature", [21.5, 22, nil]),
            Column("pressure", [980, 981, 982]),
        ]
        guard let frame = try? DataFrame(columns: columns), let stream = try? frame.arrowBuffer() else { return }
        var buffer = ByteBuffer()
        measure("encode frame: 3 rows of 3", bytes: stream.readableBytes) {
            buffer.clear()
            try? frame.write(into: &buffer)
        }
        measure("decode frame: 3 rows of 3", bytes: stream.readableBytes) { use(try? DataFrame(arrow: stream)) }
    }

    private static func numbers() -> DataFrame? {
        let count = 1_000_000
        return try? DataFrame(columns: [
            Column("a", (0..<count).map { Int64($0) }), Column("b", (0..<count).map { Double($0) * 0.5 }),
            Column("c", (0..<count).map { Int32($0) }), Column("d", (0..<count).map { UInt64($0) }),
        ])
    }

    private static func texts() -> DataFrame? {
        try? DataFrame(columns: [Column("t", (0..<1_000_000).map { "value number \($0)" })])
    }
}
